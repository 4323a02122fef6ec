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

type Adjusted = { readonly failures: readonly (readonly string[])[]; readonly dropped: readonly string[] };

/** Set www is claimed with the first, and has the others by reloads; then it stays. */
async function adjust(steps: readonly (readonly PlacedAddress[])[], refusals = 0): Promise<Adjusted> {
  const sets = JSON.stringify(steps.map((addresses) => ({ name: 'www', prefer: [], addresses })));
  const run = cable.a.run([process.execPath, script, sets, String(refusals)]);
  return JSON.parse(await within(deadlineMs, 'the end of it', run));
}

type Retried = {
  readonly failures: readonly string[];
  readonly problems: readonly string[];
  readonly delays: readonly number[];
  readonly said: readonly string[];
  readonly holds: boolean;
};

/** Set www is claimed with the first, and has the others by a reload, which the kernel refuses to add so many times. */
async function retry(
  before: readonly PlacedAddress[],
  after: readonly PlacedAddress[],
  refusals: number,
): Promise<Retried> {
  const sets = JSON.stringify([before, after].map((addresses) => ({ name: 'www', prefer: [], addresses })));
  const script = fileURLToPath(new URL('fixtures/claims-retried.mjs', import.meta.url));
  const run = cable.a.run([process.execPath, script, sets, String(refusals)]);
  return JSON.parse(await within(deadlineMs, 'the end of it', run));
}

type Shown = { readonly ifname: string; readonly addr_info: readonly Readonly<Record<string, unknown>>[] };

/** `eth0 10.0.0.50/24`, without the host's own. */
async function inKernel(): Promise<readonly string[]> {
  const links: readonly Shown[] = JSON.parse(await cable.a.run(['ip', '-j', 'addr', 'show', 'scope', 'global']));
  return links.flatMap(({ ifname, addr_info }) =>
    addr_info.flatMap(({ local, prefixlen, deprecated }) =>
      local === undefined || local === '10.0.0.1' || local === 'fd00::1'
        ? []
        : [`${ifname} ${local}/${prefixlen}${deprecated === true ? ' deprecated' : ''}`],
    ),
  );
}

const onEth1 = (address: PlacedAddress) => ({ ...address, interface: 'eth1' }) as PlacedAddress; // as beforeEach names it
const [stays, goes, comes] = [placed('10.0.0.50', 24), placed('10.0.0.51', 24), placed('10.0.0.52', 24)];
const refused = 'set www: Cannot remove 10.0.0.51/24 from eth0: EBUSY; it is tried again';

describe('Adjustments', () => {
  it('adjust(): the only address of a set moves to another interface', async () => {
    const { failures } = await adjust([[stays], [onEth1(stays)]]);
    expect(failures).toEqual([[]]);
    expect(await inKernel()).toEqual(['eth1 10.0.0.50/24']);
  });

  it('adjust(): a removal that the kernel refuses is told, holds up no later one, and is tried again', async () => {
    const { failures } = await adjust([[stays, goes], [stays], [stays, comes]], 2);
    expect(failures).toEqual([[refused], [refused]]);
    expect(await inKernel()).toEqual(['eth0 10.0.0.50/24', 'eth0 10.0.0.52/24']);
  });

  it('adjust(): what the kernel refused to remove stays where it is wanted again', async () => {
    const { failures } = await adjust([[stays, goes], [stays], [stays, goes]], 1);
    expect(failures).toEqual([[refused], []]);
    expect(await inKernel()).toEqual(['eth0 10.0.0.50/24', 'eth0 10.0.0.51/24']);
  });

  it('adjust(): nothing is put on another interface while the kernel does not let it go', async () => {
    const { failures } = await adjust(
      [
        [stays, goes],
        [stays, onEth1(goes)],
      ],
      1,
    );
    const why = 'it is still there as 10.0.0.51/24 on eth0';
    expect(failures).toEqual([[`set www: it is without 10.0.0.51/24, which the configuration added: ${why}`, refused]]);
    expect(await inKernel()).toEqual(['eth0 10.0.0.50/24']);
  });

  it('adjust(): an IPv6 address gets another prefix length', async () => {
    const { failures } = await adjust([[placed('fd00::50', 64)], [placed('fd00::50', 128)]]);
    expect(failures).toEqual([[]]);
    expect(await inKernel()).toEqual(['eth0 fd00::50/128 deprecated']);
  });

  it('adjust(): an address from which the host may speak from now on is one at the next renewal', async () => {
    const [silent, speaking] = [placed('fd00::50', 64), { ...placed('fd00::50', 64), preferredSource: true as const }];
    await adjust([[silent], [speaking]]);
    expect(await inKernel()).toEqual(['eth0 fd00::50/64']);
  });

  it('adjust(): what the kernel does not take is tried again by itself, later each time', async () => {
    const { failures, problems, delays, said, holds } = await retry([stays], [stays, comes], 3);
    const why = 'it is without 10.0.0.52/24, which the configuration added: Cannot add 10.0.0.52/24 to eth0: EBUSY';
    expect(failures).toEqual([`set www: ${why}`]);
    expect(problems).toEqual([why]);
    expect(delays).toEqual([10_000, 20_000, 40_000]);
    expect(said.filter((line) => line.startsWith('set www: '))).toEqual([`set www: ${why}`]); // once
    expect(holds).toBe(true);
  });

  it('adjust(): a set that could not be given any address is lost, for another host to have', async () => {
    const { failures, delays, said, holds } = await retry([goes], [comes], 1);
    const why = 'Cannot add 10.0.0.52/24 to eth0: EBUSY';
    expect(failures).toEqual([`set www: it is without 10.0.0.52/24, which the configuration added: ${why}`]);
    expect(said).toContain(`www failed: ${why}`);
    expect(delays).toEqual([]);
    expect(holds).toBe(false);
  });

  it('adjust(): the guard forgets what the kernel did not take', async () => {
    const nowhere = { ...comes, prefixLength: 33 };
    const { failures, dropped } = await adjust([[stays], [stays, nowhere]]);
    expect(failures).toEqual([[expect.stringMatching(/^set www: it is without 10\.0\.0\.52\/33, .*: Cannot add /)]]);
    expect(dropped).toEqual(['10.0.0.52', '10.0.0.50']); // the other one when it is to stay for ever
  });
});
