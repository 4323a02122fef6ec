import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { within } from '../../agent/lab/deadline.ts';
import { macs, openCable } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;

beforeEach(async () => {
  cable = await openCable();
});

afterEach(() => cable.close());

const deadlineMs = 5_000;
const script = fileURLToPath(new URL('fixtures/claim-listener.mjs', import.meta.url));
const address = '10.0.0.50';
const address6 = 'fd00::50';

/** Of Linux before 6.8, where a namespace has none of its own. */
const optmem = '/proc/sys/net/core/optmem_max';
const optmemMax = 20_480;

/** Where the kernel takes small filters only. @returns what it says of a claim, and how it ended, after `claim` */
async function heardBy(count: number, wanted: string, claim: () => Promise<unknown>) {
  await cable.a.run(['sh', '-c', `test ! -e ${optmem} || echo ${optmemMax} > ${optmem}`]);
  const listener = await cable.a.open([process.execPath, script, String(count), wanted]);
  listener.child.stderr?.pipe(process.stderr);
  if (listener.child.stdout === null) throw new Error('the listener has no output');
  const lines = createInterface({ input: listener.child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await within(deadlineMs, 'a line of the listener', lines.next())).value);
  expect(await next()).toBe('listens');
  await claim();
  return { heard: JSON.parse(await next()), ended: await listener.ended };
}

const ended = { status: 0, signal: null };

describe('ClaimListener', () => {
  it.each([1, 1000])('open(): hears one of %i addresses where the kernel takes small filters only', async (count) => {
    const claim = async () => {
      await cable.b.ip([`addr add ${address}/24 dev eth0`]);
      await cable.b.run(['arping', '-U', '-c', '1', '-I', 'eth0', address]);
    };
    const heard = { interfaceIndex: 2, address, mac: macs.b };
    expect(await heardBy(count, address, claim)).toEqual({ heard, ended });
  });

  it.each([1, 1000])(
    'open(): hears that a station speaks from one of %i IPv6 addresses, by its question for another',
    async (count) => {
      const claim = async () => {
        await cable.b.ip([`addr add ${address6}/64 dev eth0 nodad`]);
        // The kernel asks for the neighbour from the address of the packet (RFC 4861 §7.2.2).
        const say = `const s = require('node:dgram').createSocket('udp6');
        s.bind(0, '${address6}', () => s.send('', 9, 'fd00::77', () => s.close()))`;
        await cable.b.run([process.execPath, '-e', say]);
      };
      const heard = { interfaceIndex: 2, address: address6, mac: macs.b };
      expect(await heardBy(count, address6, claim)).toEqual({ heard, ended });
    },
  );
});
