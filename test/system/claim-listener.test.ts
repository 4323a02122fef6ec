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

/** Of Linux before 6.8, where a namespace has none of its own. */
const optmem = '/proc/sys/net/core/optmem_max';
const optmemMax = 20_480;

describe('ClaimListener', () => {
  it.each([1, 1000])('open(): hears one of %i addresses where the kernel takes small filters only', async (count) => {
    await cable.a.run(['sh', '-c', `test ! -e ${optmem} || echo ${optmemMax} > ${optmem}`]);
    const listener = await cable.a.open([process.execPath, script, String(count), address]);
    listener.child.stderr?.pipe(process.stderr);
    if (listener.child.stdout === null) throw new Error('the listener has no output');
    const lines = createInterface({ input: listener.child.stdout })[Symbol.asyncIterator]();
    const next = async () => (await within(deadlineMs, 'a line of the listener', lines.next())).value;
    expect(await next()).toBe('listens');
    await cable.b.ip([`addr add ${address}/24 dev eth0`]);
    await cable.b.run(['arping', '-U', '-c', '1', '-I', 'eth0', address]);
    expect(JSON.parse(String(await next()))).toEqual({ interfaceIndex: 2, address, mac: macs.b });
    expect(await listener.ended).toEqual({ status: 0, signal: null });
  });
});
