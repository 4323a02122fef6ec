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

const deadlineMs = 5_000;
const script = fileURLToPath(new URL('fixtures/network-stations.mjs', import.meta.url));

it('Network: the others hear of another MAC where an address makes another interface that of a subnet', async () => {
  const [eth1, eth2] = ['02:00:00:00:00:11', '02:00:00:00:00:12'];
  await cable.a.ip([
    `link add eth1 address ${eth1} type veth peer name end1`,
    `link add eth2 address ${eth2} type veth peer name end2`,
    ...['eth1', 'end1', 'eth2', 'end2'].map((name) => `link set ${name} up`),
    'addr add 192.0.2.1/24 dev eth1',
  ]);
  const text = edited({ 12: '', 13: 'addresses = ["192.0.2.10/24"]\ninterface = "192.0.2.0/24"' });
  const network = await cable.a.open([process.execPath, script, text]);
  network.child.stderr?.pipe(process.stderr);
  if (network.child.stdout === null) throw new Error('the network has no output');
  const lines = createInterface({ input: network.child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await within(deadlineMs, 'MACs', lines.next())).value));
  expect(await next()).toEqual([eth1]);
  await cable.a.ip(['addr del 192.0.2.1/24 dev eth1', 'addr add 192.0.2.1/24 dev eth2']);
  expect(await next()).toEqual([eth2]);
});
