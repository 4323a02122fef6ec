import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { within } from '../../agent/lab/deadline.ts';
import type { PlacedAddress } from '../../agent/system/addresses.ts';
import { openCable, placed } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;

beforeEach(async () => {
  cable = await openCable();
  await cable.a.ip(['link add eth1 type veth peer name end1', 'link set eth1 up', 'link set end1 up']);
});

afterEach(() => cable.close());

const deadlineMs = 5_000;
const script = fileURLToPath(new URL('fixtures/claims-adjusted.mjs', import.meta.url));

type Adjusted = { readonly failures: readonly string[]; readonly said: readonly string[] };

/** Set www is claimed with the first, and has the others by a reload. */
async function adjust(before: readonly PlacedAddress[], after: readonly PlacedAddress[]): Promise<Adjusted> {
  const sets = [before, after].map((addresses) => JSON.stringify({ name: 'www', prefer: [], addresses }));
  const run = cable.a.run([process.execPath, script, ...sets]);
  return JSON.parse(await within(deadlineMs, 'the end of it', run));
}

/** `eth0 10.0.0.50/24`, of what has a lifetime. */
async function inKernel(): Promise<readonly string[]> {
  const links: readonly {
    readonly ifname: string;
    readonly addr_info: readonly Readonly<Record<string, unknown>>[];
  }[] = JSON.parse(await cable.a.run(['ip', '-j', 'addr', 'show', 'dynamic']));
  return links.flatMap(({ ifname, addr_info }) =>
    addr_info.flatMap(({ local, prefixlen }) => (local === undefined ? [] : [`${ifname} ${local}/${prefixlen}`])),
  );
}

const onEth1 = (address: PlacedAddress) => ({ ...address, interface: 'eth1' }) as PlacedAddress; // as beforeEach names it

describe('Adjustments', () => {
  it('adjust(): the only address of a set moves to another interface', async () => {
    const { failures } = await adjust([placed('10.0.0.50', 24)], [onEth1(placed('10.0.0.50', 24))]);
    expect(failures).toEqual([]);
    expect(await inKernel()).toEqual(['eth1 10.0.0.50/24']);
  });
});
