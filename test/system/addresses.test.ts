import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KernelHost, openCable, placed, startKernelHost } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;
let host: KernelHost;

beforeEach(async () => {
  cable = await openCable();
  host = await startKernelHost(cable.a);
});

afterEach(async () => {
  await cable.close();
});

const six = { lifetimeSeconds: 6 } as const;
const sixty = { lifetimeSeconds: 60 } as const;
const vip4 = placed('10.0.0.10', 24);
const vip6 = placed('fd00::10', 64);

async function locals(): Promise<readonly unknown[]> {
  return (await host.addressesOf('eth0')).map(({ local }) => local);
}

describe('addAddresses', () => {
  it('addAddresses(): ip shows them as they should be', async () => {
    expect(await host.call('add', [vip4, vip6], six)).toMatchObject([{ kind: 'added' }, { kind: 'added' }]);
    const shown = await host.addressesOf('eth0');
    expect(shown.find(({ local }) => local === '10.0.0.10')).toMatchObject({
      prefixlen: 24,
      secondary: true,
      dynamic: true,
      valid_life_time: expect.toSatisfy((seconds: number) => seconds >= 5 && seconds <= 6),
      preferred_life_time: expect.toSatisfy((seconds: number) => seconds >= 5 && seconds <= 6),
    });
    const six6 = shown.find(({ local }) => local === 'fd00::10');
    expect(six6).toMatchObject({ prefixlen: 64, nodad: true, deprecated: true, preferred_life_time: 0 });
    expect(six6).not.toHaveProperty('tentative');
  });

  it('addAddresses(): one that the host may speak from is not deprecated, and renewed so; the host does speak from it', async () => {
    const speaking = { ...placed('fd00::20', 64), preferredSource: true } as const;
    await host.call('add', [vip6, speaking], six);
    await host.call('renew', [vip6, speaking], sixty);
    const [plain, preferred] = ['fd00::10', 'fd00::20'].map(
      (address) => async () => (await host.addressesOf('eth0')).find(({ local }) => local === address),
    );
    expect(await plain?.()).toMatchObject({ deprecated: true, preferred_life_time: 0 });
    expect(await preferred?.()).not.toHaveProperty('deprecated');
    expect(Number((await preferred?.())?.preferred_life_time)).toBeGreaterThan(50);
    await cable.a.ip(['addr del fd00::1/64 dev eth0']);
    expect((await host.ipJson('-6', 'route', 'get', 'fd00::99'))[0]).toMatchObject({ prefsrc: 'fd00::20' });
  });

  it('addAddresses(): for ever where it never expires', async () => {
    await host.call('add', [vip4, vip6], { lifetimeSeconds: 'never' });
    const forever = 0xffffffff;
    const shown = (await host.addressesOf('eth0')).filter(({ local }) => local === '10.0.0.10' || local === 'fd00::10');
    expect(shown.map(({ valid_life_time }) => valid_life_time)).toEqual([forever, forever]);
  });

  it('addAddresses(): adopts one of ours and sets its lifetime', async () => {
    await host.call('add', [vip4, vip6], six);
    expect(await host.call('add', [vip4, vip6], sixty)).toMatchObject([{ kind: 'adopted' }, { kind: 'adopted' }]);
    const shown = await host.addressesOf('eth0');
    const lifetimes = shown.filter(({ dynamic }) => dynamic).map(({ valid_life_time }) => Number(valid_life_time));
    expect(lifetimes.length).toBe(2);
    expect(Math.min(...lifetimes)).toBeGreaterThan(50);
  });

  it('addAddresses(): leaves one that is not ours as it is, and says so', async () => {
    await cable.a.ip(['addr add 10.0.0.10/24 dev eth0', 'addr add fd00::10/64 dev eth0 nodad']);
    const before = await host.addressesOf('eth0');
    expect(await host.call('add', [vip4, vip6], six)).toMatchObject([
      {
        kind: 'address-taken',
        error: { message: 'Cannot add 10.0.0.10/24 to eth0: it is there already, put there by something else' },
      },
      { kind: 'address-taken' },
    ]);
    expect(await host.addressesOf('eth0')).toEqual(before);
  });

  it("addAddresses(): one that fails does not hinder the others, and has the kernel's words", async () => {
    const nowhere = { ...placed('10.0.0.12', 24), interfaceIndex: 99 };
    await cable.a.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6']);
    expect(await host.call('add', [nowhere, vip6, vip4], six)).toMatchObject([
      {
        kind: 'failed',
        error: { code: 'ENODEV', message: expect.stringContaining('Cannot add 10.0.0.12/24 to eth0: ENODEV') },
      },
      {
        kind: 'failed',
        error: { name: 'NetlinkError', message: expect.stringMatching(/EACCES \(.*IPv6 is disabled/) },
      },
      { kind: 'added' },
    ]);
    expect(await locals()).toEqual(['10.0.0.1', '10.0.0.10']);
  });

  it('addAddresses(): a thousand', async () => {
    const many = Array.from({ length: 1000 }, (_, n) =>
      placed(`10.0.${100 + Math.floor(n / 250)}.${1 + (n % 250)}`, 32),
    );
    const added = await host.call('add', many, sixty);
    expect(added.filter(({ kind }) => kind === 'added').length).toBe(1000);
    expect((await host.addressesOf('eth0')).length).toBe(1002);
    const removed = await host.call('remove', many);
    expect(removed.filter(({ kind }) => kind === 'removed').length).toBe(1000);
    expect(await locals()).toEqual(['10.0.0.1', 'fd00::1']);
  });

  it('addAddresses(): without privilege says which is missing', async () => {
    const unprivileged = await startKernelHost(cable.a, {
      arping: false,
      under: ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'],
    });
    expect(await unprivileged.call('add', [vip4], six)).toMatchObject([
      { kind: 'failed', error: { message: 'Cannot add 10.0.0.10/24 to eth0: EPERM (needs CAP_NET_ADMIN)' } },
    ]);
    expect(await unprivileged.call('missingCapabilities')).toEqual(['CAP_NET_ADMIN', 'CAP_NET_RAW']);
    expect(await host.call('missingCapabilities')).toEqual([]);
  });
});

describe('renewAddresses', () => {
  it('renewAddresses(): sets the lifetime', async () => {
    await host.call('add', [vip4, vip6], six);
    expect(await host.call('renew', [vip4, vip6], sixty)).toMatchObject([{ kind: 'renewed' }, { kind: 'renewed' }]);
    const shown = (await host.addressesOf('eth0')).filter(({ dynamic }) => dynamic);
    expect(shown.map(({ local }) => local)).toEqual(['10.0.0.10', 'fd00::10']);
    expect(Math.min(...shown.map(({ valid_life_time }) => Number(valid_life_time)))).toBeGreaterThan(50);
    expect(shown[1]).toMatchObject({ deprecated: true, nodad: true });
    const renewed = await host.call('list');
    expect(renewed).toMatchObject({
      addresses: expect.arrayContaining([expect.objectContaining({ address: 'fd00::10', protocol: 72 })]),
    });
  });

  it('renewAddresses(): does not bring back what is gone', async () => {
    await host.call('add', [vip4], six);
    await cable.a.ip(['addr del 10.0.0.10/24 dev eth0']);
    expect(await host.call('renew', [vip4, vip6], sixty)).toMatchObject([{ kind: 'gone' }, { kind: 'gone' }]);
    expect(await locals()).toEqual(['10.0.0.1', 'fd00::1']);
  });

  it('renewAddresses(): does not bring back what goes while it renews', async () => {
    await host.call('add', [vip4, vip6], six);
    const batch = 'addr del 10.0.0.10/24 dev eth0\naddr del fd00::10/64 dev eth0';
    expect(await host.call('renewAfterDump', [vip4, vip6], sixty, batch)).toMatchObject([
      { kind: 'gone' },
      { kind: 'gone' },
    ]);
    expect(await locals()).toEqual(['10.0.0.1', 'fd00::1']);
  });

  it('renewAddresses(): leaves one that is not ours', async () => {
    await cable.a.ip(['addr add 10.0.0.10/24 dev eth0']);
    expect(await host.call('renew', [vip4], six)).toMatchObject([{ kind: 'address-taken' }]);
    expect((await host.addressesOf('eth0')).some(({ dynamic }) => dynamic)).toBe(false);
  });

  it("renewAddresses(): a first lifetime does not make the route of the host's own prefix expire", async () => {
    await host.call('add', [vip6], { lifetimeSeconds: 'never' });
    expect(await host.call('renew', [vip6], six)).toMatchObject([{ kind: 'renewed' }]);
    const routes = await host.ipJson('-6', 'route', 'show', 'fd00::/64');
    expect(routes.length).toBe(1);
    expect(routes[0]).not.toHaveProperty('expires');
  });
});

describe('removeAddresses', () => {
  it('removeAddresses(): removes ours, and says what was not there', async () => {
    await host.call('add', [vip4], six);
    expect(await host.call('remove', [vip4, vip6])).toMatchObject([{ kind: 'removed' }, { kind: 'absent' }]);
    expect(await locals()).toEqual(['10.0.0.1', 'fd00::1']);
  });

  it('removeAddresses(): leaves one that is not ours', async () => {
    await cable.a.ip(['addr add 10.0.0.10/24 dev eth0']);
    expect(await host.call('remove', [vip4])).toMatchObject([{ kind: 'address-taken' }]);
    expect(await locals()).toContain('10.0.0.10');
  });

  it.each([0, 1])(
    'removeAddresses(): a primary leaves its secondaries behind, promote_secondaries=%i',
    async (promote) => {
      await cable.a.run(['sh', '-c', `echo ${promote} > /proc/sys/net/ipv4/conf/all/promote_secondaries`]);
      const [primary, ours] = [placed('10.9.0.1', 24), placed('10.9.0.2', 24)];
      await host.call('add', [primary, ours], sixty);
      await cable.a.ip(['addr add 10.9.0.3/24 brd + dev eth0 label eth0:own']);
      expect(await host.call('remove', [primary])).toMatchObject([{ kind: 'removed' }]);
      const shown = await host.addressesOf('eth0');
      expect(shown.map(({ local }) => local).sort()).toEqual(['10.0.0.1', '10.9.0.2', '10.9.0.3', 'fd00::1']);
      expect(shown.find(({ local }) => local === '10.9.0.3')).toMatchObject({
        broadcast: '10.9.0.255',
        label: 'eth0:own',
      });
      expect(await host.call('remove', [ours])).toMatchObject([{ kind: 'removed' }]);
      expect(await host.ipJson('route', 'show', '10.9.0.0/24')).toHaveLength(1);
    },
  );

  it('removeAddresses(): a whole subnet at once, primary and secondaries', async () => {
    const subnet = [placed('10.9.0.1', 24), placed('10.9.0.2', 24), placed('10.9.0.3', 24)];
    await host.call('add', subnet, sixty);
    const removed = await host.call('remove', subnet);
    expect(removed.map(({ kind }) => kind)).toEqual(['removed', 'removed', 'removed']);
    expect(await locals()).toEqual(['10.0.0.1', 'fd00::1']);
  });
});

describe('listHostAddresses', () => {
  it("listHostAddresses(): the host's own, and not ours", async () => {
    await host.call('add', [vip4, vip6], six);
    const list = await host.call('hostAddresses');
    const own = list.kind === 'listed' ? list.addresses.map(({ address }) => address) : [];
    expect(own).toEqual(expect.arrayContaining(['127.0.0.1', '10.0.0.1', 'fd00::1']));
    expect(own).not.toContain('10.0.0.10');
    expect(own).not.toContain('fd00::10');
  });
});
