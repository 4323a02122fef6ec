import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinkTable } from '../../agent/system/links.ts';
import type { NetlinkMessage } from '../../agent/wire/netlink.ts';
import { routeTypes } from '../../agent/wire/rtnetlink.ts';
import { linkEvents } from '../../agent/wire/rtnetlink-link.ts';
import { type KernelHost, macs, openCable, startKernelHost } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;
let host: KernelHost;

beforeEach(async () => {
  cable = await openCable();
  host = await startKernelHost(cable.a);
});

afterEach(async () => {
  await cable.close();
});

describe('LinkTable', () => {
  it('LinkTable.open(): has every interface as ip shows it', async () => {
    expect(await host.call('links')).toEqual([
      expect.objectContaining({ index: 1, name: 'lo', up: true, carrier: true, arp: false, loopback: true }),
      {
        index: 2,
        name: 'eth0',
        mac: macs.a,
        up: true,
        carrier: true,
        arp: true,
        loopback: false,
        mtu: 1500,
        kind: 'veth',
        master: null,
        lower: null,
      },
    ]);
  });

  it('LinkTable.onChange(): tells of a lost carrier, of NOARP, of down, of a new name', async () => {
    await cable.b.ip(['link set eth0 down']);
    await host.event('link', (change) => change.kind === 'changed' && change.before.carrier && !change.value.carrier);
    await cable.a.ip(['link set eth0 arp off']);
    await host.event('link', (change) => change.kind === 'changed' && change.before.arp && !change.value.arp);
    await cable.a.ip(['link set eth0 down']);
    await host.event('link', (change) => change.kind === 'changed' && change.before.up && !change.value.up);
    await cable.a.ip(['link set eth0 name lan0']);
    await host.event('link', (change) => change.kind === 'changed' && change.value.name === 'lan0');
    expect((await host.call('links')).map(({ name }) => name)).toEqual(['lo', 'lan0']);
  });

  it('LinkTable.onChange(): tells of an interface that comes, and goes', async () => {
    await cable.a.ip(['link add br0 type bridge']);
    const added = await host.event('link', ({ kind, value }) => kind === 'added' && value.name === 'br0');
    expect(added.value).toMatchObject({ kind: 'bridge', up: false, carrier: false });
    await cable.a.ip(['link del br0']);
    await host.event('link', ({ kind, value }) => kind === 'removed' && value.name === 'br0');
    expect((await host.call('links')).map(({ name }) => name)).toEqual(['lo', 'eth0']);
  });

  it('LinkTable: a port that leaves its bridge stays in the table', async () => {
    await cable.a.ip([
      'link add br0 type bridge',
      'link set eth0 master br0',
      'link set eth0 nomaster',
      'link del br0',
    ]);
    await host.event('link', ({ kind, value }) => kind === 'removed' && value.name === 'br0');
    expect((await host.call('links')).map(({ name }) => name)).toEqual(['lo', 'eth0']);
    expect(host.events.filter(({ event, value }) => event === 'link' && value.kind === 'removed')).toHaveLength(1);
  });

  it('LinkTable.refresh(): asks the kernel, and says which interface is not there', async () => {
    expect(await host.call('refreshLink', 2)).toBeNull();
    expect(await host.call('refreshLink', 99)).toMatchObject({
      message: expect.stringContaining('Cannot read interface 99: ENODEV'),
    });
  });
});

describe('LinkTable.onNewPlace', () => {
  it('LinkTable.onNewPlace(): a bond that changed to another of its links, told by the kernel as an event of the link', () => {
    const listeners = new Set<(message: NetlinkMessage) => void>();
    const fail = () => Promise.reject(new Error('nothing is asked'));
    const table = new LinkTable({
      request: fail,
      requests: fail,
      orders: fail,
      dump: fail,
      onNotification: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onResync: () => () => {},
      close() {},
    });
    const told: number[] = [];
    const end = table.onNewPlace((index) => told.push(index));
    const tell = (index: number, event: number) => {
      // struct ifinfomsg, IFLA_IFNAME "bond0", IFLA_EVENT
      const head = Uint8Array.of(0, 0, 1, 0, index, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0);
      const name = Uint8Array.of(10, 0, 3, 0, ...Buffer.from('bond0\0'), 0, 0);
      const body = Buffer.concat([head, name, Uint8Array.of(8, 0, 44, 0, event, 0, 0, 0)]);
      for (const listener of listeners) {
        listener({ type: routeTypes.newLink, flags: 0, sequence: 0, portId: 0, body });
      }
    };
    tell(7, linkEvents.bondingFailover);
    tell(8, linkEvents.notifyPeers);
    tell(9, 2); // features: nothing moved
    expect(told).toEqual([7, 8]);
    end();
    expect(listeners.size).toBe(0);
  });
});

describe('AddressWatch', () => {
  it('AddressWatch.onChange(): tells of an address that comes, and goes', async () => {
    await cable.a.ip(['addr add 10.0.0.10/24 dev eth0', 'addr add fd00::10/64 dev eth0 nodad']);
    await host.event('address', ({ kind, value }) => kind === 'added' && value.address === '10.0.0.10');
    await host.event('address', ({ kind, value }) => kind === 'added' && value.address === 'fd00::10');
    await cable.a.ip(['addr del 10.0.0.10/24 dev eth0', 'addr del fd00::10/64 dev eth0']);
    await host.event('address', ({ kind, value }) => kind === 'removed' && value.address === '10.0.0.10');
    await host.event('address', ({ kind, value }) => kind === 'removed' && value.address === 'fd00::10');
  });

  it('AddressWatch.onChange(): tells of an address that expires, and not of a renewal', async () => {
    await cable.a.ip(['addr add 10.0.0.10/24 dev eth0 valid_lft 1 preferred_lft 1']);
    await cable.a.ip(['addr change 10.0.0.10/24 dev eth0 valid_lft 1 preferred_lft 1']);
    await host.event('address', ({ kind, value }) => kind === 'removed' && value.address === '10.0.0.10');
    const told = host.events.flatMap(({ event, value }) =>
      event === 'address' && value.value.address === '10.0.0.10' ? [value.kind] : [],
    );
    expect(told).toEqual(['added', 'removed']);
  });

  it('AddressWatch.onChange(): tells of a failed duplicate detection', async () => {
    await cable.a.ip(['addr add fd00::2/64 dev eth0']); // b has it
    const failed = await host.event('address', ({ kind, value }) => kind === 'changed' && (value.flags & 0x08) !== 0);
    expect(failed.value.address).toBe('fd00::2');
  });
});

describe('openRouteSocket', () => {
  it('openRouteSocket(): where notifications were lost, tables are dumped again and are right', async () => {
    const small = await startKernelHost(cable.a, { notificationBufferBytes: 4096 });
    const added = Array.from({ length: 200 }, (_, n) => `addr add 10.7.0.${n + 1}/32 dev eth0`);
    const removed = Array.from({ length: 100 }, (_, n) => `addr del 10.7.0.${n + 1}/32 dev eth0`);
    await small.call('ipWhileBlocked', [...added, ...removed, 'link set lo down', ''].join('\n'));
    await small.event('resync');
    await small.event('address', ({ kind, value }) => kind === 'added' && value.address === '10.7.0.200');
    await small.event('link', ({ value }) => value.name === 'lo' && !value.up);
    const watched = (await small.call('watched')).map(({ address }) => address);
    const real = await small.call('list');
    expect(watched.sort()).toEqual(real.kind === 'listed' ? real.addresses.map(({ address }) => address).sort() : []);
    expect(watched).not.toContain('10.7.0.1');
    // And notifications go on.
    await cable.a.ip(['addr del 10.7.0.200/32 dev eth0']);
    await small.event('address', ({ kind, value }) => kind === 'removed' && value.address === '10.7.0.200');
  });
});
