/**
 * The lab's LAN segments: bridges in a namespace of their own, the first with a port a host and one for the client, the second, where
 * there is one, for the hosts alone. Everything is made by the switch's namespace; the root namespace is never touched.
 */
import type { Namespace } from './namespace.ts';

/** Every host's and the client's interface. */
export const interfaceName = 'eth0';

export type Segment = {
  readonly bridge: string;
  /** At the hosts: its name and index. */
  readonly interface: string;
  readonly index: number;
  readonly portPrefix: string;
  /** Index of a port less the number of its host: no two interfaces of the switch are to share one. */
  readonly portIndexBase: number;
  readonly macPrefix: string;
  readonly ipv4Prefix: string;
  readonly ipv6Prefix: string;
};

export const firstSegment: Segment = {
  bridge: 'br0',
  interface: interfaceName,
  index: 2,
  portPrefix: 'p',
  portIndexBase: 100,
  macPrefix: '02:77:00:00:00',
  ipv4Prefix: '10.77.0',
  ipv6Prefix: 'fd77',
};

export const secondSegment: Segment = {
  bridge: 'br1',
  interface: 'eth1',
  index: 3,
  portPrefix: 'q',
  portIndexBase: 400,
  macPrefix: '02:78:00:00:00',
  ipv4Prefix: '10.78.0',
  ipv6Prefix: 'fd78',
};

/** One cable: a host or the client, and its port of a segment. */
export type Wiring = {
  readonly segment: Segment;
  /** The port at the switch: 'p1' is host 1's, 'q1' its second. */
  readonly port: string;
  readonly portIndex: number;
  readonly mac: string;
  /** `address/prefix`, the first IPv4, the second IPv6. */
  readonly addresses: readonly [ipv4: string, ipv6: string];
};

/** What a segment looks like; hosts count from 1, the client is number 250. */
export function wiringOf(number: number, segment: Segment): Wiring {
  const hex = number.toString(16);
  return {
    segment,
    port: `${segment.portPrefix}${number}`,
    portIndex: segment.portIndexBase + number,
    mac: `${segment.macPrefix}:${hex.padStart(2, '0')}`,
    addresses: [`${segment.ipv4Prefix}.${number}/24`, `${segment.ipv6Prefix}::${hex}/64`],
  };
}

export const clientNumber = 250;

/** A switch like those between real hosts: learns, floods multicast, no spanning tree, no delay on a port that comes up. */
export async function raiseSwitch(switchNamespace: Namespace, segments: readonly Segment[]): Promise<void> {
  await setSysctls(switchNamespace, { 'net/ipv6/conf/default/disable_ipv6': '1' });
  await switchNamespace.ip([
    ...segments.flatMap(({ bridge }) => [
      `link add ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set ${bridge} up`,
    ]),
    'link set lo up',
  ]);
}

/**
 * Connects a namespace to the switch and gives it its path addresses.
 *
 * The ends of the cable get different interface indexes: with equal ones the kernel takes the pair for one interface and
 * reports a lost carrier up to a second late.
 */
export async function connect(switchNamespace: Namespace, node: Namespace, wiring: Wiring): Promise<void> {
  const { segment, port, portIndex, mac } = wiring;
  await setSysctls(node, {
    'net/ipv6/conf/default/accept_dad': '0',
    'net/ipv6/conf/default/accept_ra': '0',
    'net/ipv4/conf/all/arp_announce': '2',
    'net/ipv4/conf/all/arp_ignore': '1',
    'net/ipv4/conf/all/promote_secondaries': '1',
    'net/ipv4/icmp_ratelimit': '0',
  });
  await switchNamespace.ip([
    `link add ${port} index ${portIndex} type veth peer name ${segment.interface} index ${segment.index} address ${mac} netns ${node.holderPid}`,
    `link set ${port} master ${segment.bridge}`,
    `link set ${port} up`,
  ]);
  await node.ip(['link set lo up', `link set ${segment.interface} up`, ...addressCommands(wiring)]);
}

/** Brings the host's own addresses back to what they are after a boot; whatever else it had is gone. */
export async function resetAddresses(node: Namespace, wiring: Wiring): Promise<void> {
  const { interface: device } = wiring.segment;
  await node.ip([`addr flush dev ${device} scope global`, `neigh flush dev ${device}`]);
  await node.ip(addressCommands(wiring));
}

function addressCommands(wiring: Wiring): readonly string[] {
  const [ipv4, ipv6] = wiring.addresses;
  const { interface: device } = wiring.segment;
  return [`addr add ${ipv4} brd + dev ${device}`, `addr add ${ipv6} dev ${device} nodad`];
}

/** @param values path under /proc/sys -> value; seen and set as the namespace's own */
async function setSysctls(node: Namespace, values: Readonly<Record<string, string>>): Promise<void> {
  const script = Object.entries(values).map(([path, value]) => `echo ${value} > /proc/sys/${path}`);
  await node.run(['sh', '-ec', script.join('\n')]);
}
