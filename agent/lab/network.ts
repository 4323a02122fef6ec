/**
 * The lab's one LAN segment: a bridge in a namespace of its own with a port a host and one for the client. Everything is
 * made by the switch's namespace; the root namespace is never touched.
 */
import type { Namespace } from './namespace.ts';

/** Every host's and the client's interface. */
export const interfaceName = 'eth0';

export type Wiring = {
  /** The port at the switch: 'p1' is host 1's. */
  readonly port: string;
  readonly mac: string;
  /** `address/prefix`, the first IPv4, the second IPv6. */
  readonly addresses: readonly [ipv4: string, ipv6: string];
};

/** What the segment looks like; hosts count from 1, the client is number 250. */
export function wiringOf(number: number): Wiring {
  return {
    port: `p${number}`,
    mac: `02:77:00:00:00:${number.toString(16).padStart(2, '0')}`,
    addresses: [`10.77.0.${number}/24`, `fd77::${number.toString(16)}/64`],
  };
}

export const clientNumber = 250;

/** A switch like those between real hosts: learns, floods multicast, no spanning tree, no delay on a port that comes up. */
export async function raiseSwitch(switchNamespace: Namespace): Promise<void> {
  await setSysctls(switchNamespace, { 'net/ipv6/conf/default/disable_ipv6': '1' });
  await switchNamespace.ip([
    'link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'link set br0 up',
    'link set lo up',
  ]);
}

/**
 * Connects a namespace to the switch and gives it its path addresses.
 *
 * The ends of the cable get different interface indexes: with equal ones the kernel takes the pair for one interface and
 * reports a lost carrier up to a second late.
 */
export async function connect(
  switchNamespace: Namespace,
  node: Namespace,
  wiring: Wiring,
  index: number,
): Promise<void> {
  await setSysctls(node, {
    'net/ipv6/conf/default/accept_dad': '0',
    'net/ipv6/conf/default/accept_ra': '0',
    'net/ipv4/conf/all/arp_announce': '2',
    'net/ipv4/conf/all/arp_ignore': '1',
    'net/ipv4/conf/all/promote_secondaries': '1',
    'net/ipv4/icmp_ratelimit': '0',
  });
  await switchNamespace.ip([
    `link add ${wiring.port} index ${index} type veth peer name ${interfaceName} index 2 address ${wiring.mac} netns ${node.holderPid}`,
    `link set ${wiring.port} master br0`,
    `link set ${wiring.port} up`,
  ]);
  await node.ip(['link set lo up', `link set ${interfaceName} up`, ...addressCommands(wiring)]);
}

/** Brings the host's own addresses back to what they are after a boot; whatever else it had is gone. */
export async function resetAddresses(node: Namespace, wiring: Wiring): Promise<void> {
  await node.ip([`addr flush dev ${interfaceName} scope global`, `neigh flush dev ${interfaceName}`]);
  await node.ip(addressCommands(wiring));
}

function addressCommands(wiring: Wiring): readonly string[] {
  const [ipv4, ipv6] = wiring.addresses;
  return [`addr add ${ipv4} brd + dev ${interfaceName}`, `addr add ${ipv6} dev ${interfaceName} nodad`];
}

/** @param values path under /proc/sys -> value; seen and set as the namespace's own */
async function setSysctls(node: Namespace, values: Readonly<Record<string, string>>): Promise<void> {
  const script = Object.entries(values).map(([path, value]) => `echo ${value} > /proc/sys/${path}`);
  await node.run(['sh', '-ec', script.join('\n')]);
}
