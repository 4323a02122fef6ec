import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { within } from '../../agent/lab/deadline.ts';
import { edited } from '../config/fixture.ts';
import { openCable } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;

beforeEach(async () => {
  cable = await openCable();
});

afterEach(() => cable.close());

const deadlineMs = 10_000;
const script = fileURLToPath(new URL('fixtures/network-bond.mjs', import.meta.url));
/** Of a claim: a request and a reply at 0, 1.1 and 3 s. The next ones come after 45 s. */
const framesOfClaim = 6;

it('Network: a bond that changes to another of its links: what is held on it is announced again, on the wire', async () => {
  const tcpdump = await cable.b.open(['tcpdump', '-l', '-n', '-i', 'eth0', 'arp and arp[14:4] = 0xc000020a']);
  if (tcpdump.child.stdout === null || tcpdump.child.stderr === null) throw new Error('tcpdump has no output');
  const frames = createInterface({ input: tcpdump.child.stdout })[Symbol.asyncIterator]();
  const listening = createInterface({ input: tcpdump.child.stderr })[Symbol.asyncIterator]();
  const next = async (what: string) => String((await within(deadlineMs, what, frames.next())).value);
  while (!/listening/.test(String((await within(deadlineMs, 'tcpdump', listening.next())).value)));

  const network = await cable.a.open([process.execPath, script, edited({ 13: 'addresses = ["192.0.2.10/24"]' })]);
  network.child.stderr?.pipe(process.stderr);
  for (let frame = 1; frame <= framesOfClaim; frame++) await next(`announcement ${frame} of the claim`);
  network.child.stdin?.write('failover\n');
  expect(await next('a request')).toMatch(/Request who-has 192\.0\.2\.10 .*tell 192\.0\.2\.10/);
  expect(await next('a reply')).toMatch(/Reply 192\.0\.2\.10 is-at /);
});
