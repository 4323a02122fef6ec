import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessages, encodeMessage, type NetlinkMessage, netlinkFlags } from '../../agent/wire/netlink.ts';
import { families, routeTypes } from '../../agent/wire/rtnetlink.ts';
import {
  addressFlags,
  decodeAddress,
  encodeAddress,
  encodeAddressDump,
  type KernelAddress,
} from '../../agent/wire/rtnetlink-address.ts';
import {
  decodeLink,
  encodeLinkRequest,
  type KernelLink,
  linkEvents,
  linkFlags,
} from '../../agent/wire/rtnetlink-link.ts';
import { decodeNeighbour, encodeNeighbourDump, neighbourStates } from '../../agent/wire/rtnetlink-neighbour.ts';
import { decodeNextHops, decodeRoute, encodeRouteDump, encodeRouteLookup } from '../../agent/wire/rtnetlink-route.ts';
import { anyBytes, damaged, ipv4, ipv6 } from './arbitraries.ts';
import { readFixtures } from './fixture.ts';

const captured = readFixtures('rtnetlink.txt');
const { request, acknowledge, create, exclusive, dump } = netlinkFlags;

function messagesOf(name: string): readonly NetlinkMessage[] {
  const decoded = decodeMessages(captured(name));
  if (decoded.kind === 'refused') throw new Error(decoded.reason);
  return decoded.messages;
}

/** With the sequence number of the captured one, which is arbitrary. */
function asCaptured(name: string, type: number, flags: number, body: Uint8Array): Uint8Array {
  return encodeMessage({ type, flags, sequence: messagesOf(name)[0]?.sequence ?? 0, portId: 0, body });
}

const vip4: KernelAddress = {
  family: 4,
  address: '192.0.2.10',
  prefixLength: 24,
  interfaceIndex: 3,
  peer: null,
  broadcast: '192.0.2.255',
  label: 'va:web',
  flags: 0,
  scope: 0,
  lifetimes: { preferred: 6, valid: 6 },
  routePriority: null,
  protocol: null,
};
const vip6: KernelAddress = {
  ...vip4,
  family: 6,
  address: '2001:db8:20::10',
  prefixLength: 64,
  broadcast: null,
  label: null,
  flags: addressFlags.noDuplicateDetection,
  lifetimes: { preferred: 0, valid: 600 },
  routePriority: 77,
};
const bare: KernelAddress = { ...vip4, broadcast: null, label: null, lifetimes: null };

describe('encodeAddress', () => {
  it.each([
    ['address-add-4', routeTypes.newAddress, request | acknowledge | create | exclusive, vip4],
    ['address-add-6', routeTypes.newAddress, request | acknowledge | create | exclusive, vip6],
    ['address-delete-4', routeTypes.deleteAddress, request | acknowledge, bare],
  ])('encodeAddress(): is byte for byte what iproute2 sends: %s', (name, type, flags, address) => {
    expect(asCaptured(name, type, flags, encodeAddress(address))).toEqual(captured(name));
  });

  it('encodeAddressDump(): is what `ip addr show` sends', () => {
    const body = encodeAddressDump(families.unspecified, 0);
    expect(asCaptured('address-dump-request', routeTypes.getAddress, request | dump, body)).toEqual(
      captured('address-dump-request'),
    );
  });

  it('encodeAddress(): decodes to the same address', () => {
    const seconds = fc.oneof(fc.nat(0xfffffffe), fc.constant('forever' as const));
    const rest = {
      interfaceIndex: fc.nat(0xffffffff),
      label: fc.option(fc.stringMatching(/^[a-z0-9:]{1,15}$/)),
      flags: fc.nat(0xffffffff),
      scope: fc.nat(255),
      lifetimes: fc.option(fc.record({ preferred: seconds, valid: seconds })),
      routePriority: fc.option(fc.nat(0xffffffff)),
      protocol: fc.option(fc.nat(255)),
    };
    const any: fc.Arbitrary<KernelAddress> = fc.oneof(
      fc.record({
        family: fc.constant(4 as const),
        address: ipv4,
        prefixLength: fc.nat(32),
        peer: fc.option(ipv4),
        broadcast: fc.option(ipv4),
        ...rest,
      }),
      fc.record({
        family: fc.constant(6 as const),
        address: ipv6,
        prefixLength: fc.nat(128),
        peer: fc.option(ipv6),
        broadcast: fc.constant(null),
        ...rest,
      }),
    );
    fc.assert(
      fc.property(any, (address) => {
        fc.pre(address.peer !== address.address);
        expect(decodeAddress(encodeAddress(address))).toEqual({ kind: 'address', address });
      }),
      { numRuns: 500 },
    );
  });
});

describe('decodeAddress', () => {
  it('decodeAddress(): reads the answer to `ip addr show`', () => {
    const decoded = messagesOf('address-dump').map(({ body }) => decodeAddress(body));
    const dynamic = 0; // no flag: it has a lifetime
    expect(decoded).toEqual([
      {
        kind: 'address',
        address: {
          ...bare,
          address: '127.0.0.1',
          prefixLength: 8,
          interfaceIndex: 1,
          label: 'lo',
          flags: addressFlags.permanent,
          scope: 254,
          lifetimes: { preferred: 'forever', valid: 'forever' },
        },
      },
      { kind: 'address', address: { ...vip4, flags: dynamic } },
      expect.objectContaining({ address: expect.objectContaining({ address: '::1', protocol: 1 }) }),
      {
        kind: 'address',
        address: { ...vip6, flags: addressFlags.noDuplicateDetection | addressFlags.deprecated },
      },
    ]);
  });

  it.each([
    ['address-added', routeTypes.newAddress, '192.0.2.10'],
    ['address-added-6', routeTypes.newAddress, '2001:db8:20::10'],
    ['address-deleted', routeTypes.deleteAddress, '192.0.2.10'],
  ])('decodeAddress(): reads a notification: %s', (name, type, address) => {
    const [message] = messagesOf(name);
    expect(message?.type).toBe(type);
    expect(decodeAddress(message?.body ?? new Uint8Array())).toMatchObject({ kind: 'address', address: { address } });
  });

  it('decodeAddress(): tells the address of a point-to-point link from its peer', () => {
    const address = { ...bare, peer: '192.0.2.11', prefixLength: 32 };
    expect(decodeAddress(encodeAddress(address))).toEqual({ kind: 'address', address });
  });

  it.each([
    ['body-length', Uint8Array.of(2, 24, 0, 0)],
    ['family', Uint8Array.of(7, 24, 0, 0, 1, 0, 0, 0)],
    ['prefix-length', Uint8Array.of(2, 33, 0, 0, 1, 0, 0, 0)],
    ['address', Uint8Array.of(2, 24, 0, 0, 1, 0, 0, 0)],
    ['attribute-length', Uint8Array.of(2, 24, 0, 0, 1, 0, 0, 0, 9, 0, 1, 0)],
  ])('decodeAddress(): names why it refuses: %s', (reason, body) => {
    expect(decodeAddress(body)).toEqual({ kind: 'refused', reason });
  });

  it('decodeAddress(): never throws', () => {
    const body = fc.oneof(anyBytes, damaged(encodeAddress(vip6)));
    fc.assert(
      fc.property(body, (bytes) => void expect(['address', 'refused']).toContain(decodeAddress(bytes).kind)),
      { numRuns: 2000 },
    );
  });
});

describe('decodeLink', () => {
  it('decodeLink(): reads the answer to `ip -d link show`', () => {
    const decoded = messagesOf('link-dump').map(({ body }) => decodeLink(body));
    const links = decoded.flatMap((each) => (each.kind === 'link' ? [each.link] : []));
    const broadcastMulticast = 0x1002;
    expect(links).toEqual<KernelLink[]>([
      {
        family: 0,
        index: 1,
        hardwareType: 772,
        flags: linkFlags.up | linkFlags.loopback | 0x40 | linkFlags.lowerUp,
        name: 'lo',
        mac: expect.stringMatching('00:00:00:00:00:00'),
        mtu: 65536,
        operationalState: 0,
        carrier: true,
        master: null,
        lower: null,
        kind: null,
        event: null,
        framesReceived: 0,
      },
      {
        family: 0,
        index: 2,
        hardwareType: 1,
        flags: broadcastMulticast,
        name: 'vb',
        mac: expect.stringMatching('02:00:00:00:00:0b'),
        mtu: 1500,
        operationalState: 2,
        carrier: false,
        master: 4,
        lower: 3,
        kind: 'veth',
        event: null,
        framesReceived: 0,
      },
      {
        family: 0,
        index: 3,
        hardwareType: 1,
        flags: linkFlags.up | linkFlags.noArp | broadcastMulticast,
        name: 'va',
        mac: expect.stringMatching('02:00:00:00:00:0a'),
        mtu: 1500,
        operationalState: 3,
        carrier: false,
        master: null,
        lower: 2,
        kind: 'veth',
        event: null,
        framesReceived: 0,
      },
      {
        family: 0,
        index: 4,
        hardwareType: 1,
        flags: linkFlags.up | broadcastMulticast,
        name: 'br0',
        mac: expect.stringMatching('02:00:00:00:00:bb'),
        mtu: 1400,
        operationalState: 2,
        carrier: false,
        master: null,
        lower: null,
        kind: 'bridge',
        event: null,
        framesReceived: 0,
      },
    ]);
  });

  it('decodeLink(): never throws', () => {
    const real = messagesOf('link-dump')[1]?.body ?? new Uint8Array();
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(real.subarray(0, 300))), (bytes) => {
        expect(['link', 'refused']).toContain(decodeLink(bytes).kind);
      }),
      { numRuns: 2000 },
    );
  });

  it('decodeLink(): reads why the kernel tells of a link (IFLA_EVENT)', () => {
    const real = messagesOf('link-dump')[1]?.body ?? new Uint8Array();
    const notifyPeers = Uint8Array.of(8, 0, 44, 0, linkEvents.notifyPeers, 0, 0, 0);
    expect(decodeLink(Buffer.concat([real, notifyPeers]))).toMatchObject({ link: { event: linkEvents.notifyPeers } });
  });

  it.each([
    [
      'link-bond-failover',
      { name: 'bond0', kind: 'bond', master: null, lower: null, event: linkEvents.bondingFailover },
    ],
    [
      'link-vlan-failover',
      { name: 'bond0.20', kind: 'vlan', master: null, lower: 30, event: linkEvents.bondingFailover },
    ],
    ['link-bond-port', { name: 'p1', kind: 'veth', master: 30, lower: 22, event: null }],
    ['link-vlan-into-vrf', { name: 'bond0.20', kind: 'vlan', master: 32, lower: 30, event: null }],
    ['link-vrf', { name: 'vrf0', kind: 'vrf', master: null, lower: null, event: null }],
  ])('decodeLink(): reads %s', (name, link) => {
    expect(messagesOf(name).map(({ body }) => decodeLink(body))).toMatchObject([{ link }]);
  });

  it('decodeLink(): a link that goes into a VRF is down meanwhile', () => {
    const [message] = messagesOf('link-vlan-into-vrf');
    const decoded = decodeLink(message?.body ?? new Uint8Array());
    expect(decoded.kind === 'link' && decoded.link.flags & (linkFlags.up | linkFlags.lowerUp)).toBe(0);
  });

  it('encodeLinkRequest(): asks for one link by index, without statistics', () => {
    expect(Buffer.from(encodeLinkRequest(3)).toString('hex')).toBe(
      ['00000000', '03000000', '00000000', '00000000', '08001d00', '08000000'].join(''),
    );
  });
});

describe('decodeNeighbour', () => {
  it('decodeNeighbour(): reads the answer to `ip neigh show`', () => {
    const decoded = messagesOf('neighbour-dump')
      .filter(({ type }) => type === routeTypes.newNeighbour)
      .map(({ body }) => decodeNeighbour(body));
    expect(decoded[0]).toEqual({
      kind: 'neighbour',
      neighbour: {
        family: 4,
        interfaceIndex: 3,
        state: neighbourStates.permanent,
        flags: 0,
        address: '192.0.2.99',
        mac: '02:00:00:00:00:99',
        ageMs: 0,
      },
    });
    expect(decoded[1]).toMatchObject({ neighbour: { address: '224.0.0.22', ageMs: 550 } });
    expect(decoded.slice(1).map(({ kind }) => kind)).toEqual(decoded.slice(1).map(() => 'neighbour'));
  });

  it('encodeNeighbourDump(): asks for one family', () => {
    expect(encodeNeighbourDump(families.ipv6)).toEqual(Uint8Array.of(10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  });

  it('decodeNeighbour(): never throws', () => {
    const real = messagesOf('neighbour-dump')[0]?.body ?? new Uint8Array();
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(real)), (bytes) => {
        expect(['neighbour', 'refused']).toContain(decodeNeighbour(bytes).kind);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('decodeNextHops', () => {
  // As Linux 6.18 dumps the routes out of interface 3.
  const routes = {
    'default via 10.0.0.254 dev v0': '02000000fe0300010000000008000f00fe000000080005000a0000fe0800040003000000',
    '10.0.0.0/24 dev v0 scope link':
      '02180000fe02fd010000000008000f00fe000000080001000a000000080007000a0000010800040003000000',
    '192.0.2.0/24 nexthop via 10.0.0.250 dev v0 nexthop via 10.0.0.251 dev v0 nexthop via 10.9.0.9 dev w0':
      '02180000fe0300010000000008000f00fe00000008000100c0000200' +
      '340009001000000003000000080005000a0000fa1000000003000000080005000a0000fb1000000005000000080005000a090009',
    '198.51.100.0/24 via inet6 fd77::9 dev v0':
      '02180000fe0300010000000008000f00fe00000008000100c6336400' +
      '160012000a00fd77000000000000000000000000000900000800040003000000',
    '2001:db8::/32 nexthop via fd77::8 dev v0 nexthop via fe80::7 dev v0':
      '0a200000fe0300010000000008000f00fe0000001400010020010db800000000000000000000000008000600000400003c000900' +
      '1c0000000300000014000500fd7700000000000000000000000000081c0000000300000014000500fe800000000000000000000000000007' +
      '24000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000',
  } as const;
  const bodyOf = (route: keyof typeof routes) => Buffer.from(routes[route], 'hex');
  const several = bodyOf(
    '192.0.2.0/24 nexthop via 10.0.0.250 dev v0 nexthop via 10.0.0.251 dev v0 nexthop via 10.9.0.9 dev w0',
  );

  it('decodeNextHops(): every gateway out of the interface: of one way, of several, of the other IP version', () => {
    const read = (interfaceIndex: number) =>
      Object.values(routes).map((hex) => {
        const decoded = decodeNextHops(Buffer.from(hex, 'hex'), interfaceIndex);
        return decoded.kind === 'next-hops' ? decoded.gateways : decoded.reason;
      });
    expect(read(3)).toEqual([['10.0.0.254'], [], ['10.0.0.250', '10.0.0.251'], ['fd77::9'], ['fd77::8', 'fe80::7']]);
    expect(read(5)).toEqual([[], [], ['10.9.0.9'], [], []]);
  });

  it('decodeNextHops(): none of another table, nor of a route that leads nowhere', () => {
    const none = { kind: 'next-hops', gateways: [] };
    const otherTable = bodyOf('default via 10.0.0.254 dev v0');
    otherTable.writeUInt8(100, 16); // RTA_TABLE
    expect(decodeNextHops(otherTable, 3)).toEqual(none);
    const blackhole = bodyOf('default via 10.0.0.254 dev v0');
    blackhole.writeUInt8(6, 7); // RTN_BLACKHOLE
    expect(decodeNextHops(blackhole, 3)).toEqual(none);
  });

  it('decodeNextHops(): refuses next hops that do not add up, and never throws', () => {
    const broken = Buffer.from(several);
    broken.writeUInt8(7, 32); // the length of the first one
    expect(decodeNextHops(broken, 3)).toEqual({ kind: 'refused', reason: 'attribute-length' });
    fc.assert(
      fc.property(
        fc.oneof(anyBytes, ...Object.values(routes).map((hex) => damaged(Buffer.from(hex, 'hex')))),
        (bytes) => {
          expect(['next-hops', 'refused']).toContain(decodeNextHops(bytes, 3).kind);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('encodeRouteDump(): the unicast routes of the main table out of one interface', () => {
    expect(Buffer.from(encodeRouteDump(6, 3)).toString('hex')).toBe('0a000000fe000001000000000800040003000000');
  });
});

describe('decodeRoute', () => {
  // As Linux 6.18 answers `ip route get 192.0.0.8 oif eth0` through 10.0.0.254: RTA_TABLE, _DST, _OIF, _PREFSRC, _UID, _GATEWAY.
  const answer = Buffer.from(
    '02200000fe0000010002000008000f00fe00000008000100c00000080800040002000000080007000a000001080019000000000008000500' +
      '0a0000fe',
    'hex',
  );

  it('decodeRoute(): reads the way to a destination', () => {
    expect(decodeRoute(answer)).toEqual({
      kind: 'route',
      route: { family: 4, interfaceIndex: 2, gateway: '10.0.0.254' },
    });
  });

  it('decodeRoute(): a destination on the link has no gateway', () => {
    expect(decodeRoute(answer.subarray(0, answer.length - 8))).toMatchObject({ route: { gateway: null } });
  });

  it('decodeRoute(): never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(answer)), (bytes) => {
        expect(['route', 'refused']).toContain(decodeRoute(bytes).kind);
      }),
      { numRuns: 2000 },
    );
  });

  it('encodeRouteLookup(): asks for one destination out of one interface', () => {
    expect(Buffer.from(encodeRouteLookup('192.0.0.8', 2)).toString('hex')).toBe(
      ['0220000000000000', '00000000', '08000100c0000008', '0800040002000000'].join(''),
    );
  });
});
