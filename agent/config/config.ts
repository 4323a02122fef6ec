/** The configuration as values: what a file that passed `parseConfig` says. Names are checked, addresses canonical. */
import type { HostName } from '../membership/view.ts';

export type SetName = string & { readonly __brand: 'SetName' };
export type InterfaceName = string & { readonly __brand: 'InterfaceName' };

/** Canonical, `10.1.0.0/24`: stands for the one interface of a host that has an address in it. Names of interfaces have no slash. */
export type Subnet = string & { readonly __brand: 'Subnet' };
export type InterfaceChoice = InterfaceName | Subnet;

/** An IPv4 or IPv6 address in its canonical text form (RFC 5952 for IPv6). */
export type IpAddress = string & { readonly __brand: 'IpAddress' };

export type VirtualAddress = {
  readonly family: 4 | 6;
  readonly address: IpAddress;
  /** 1..32 or 1..128 */
  readonly prefixLength: number;
  readonly interface: InterfaceChoice;
  /** IPv6: the host may speak from it, as from an address of its own. Left out: it does so only where a program binds to it. */
  readonly preferredSource?: true;
};

/** One or more addresses that always move together: the unit of ownership. */
export type AddressSet = {
  readonly name: SetName;
  readonly addresses: readonly VirtualAddress[];
  /** Hosts that should own it, best first; every other host comes after them, equal among each other. */
  readonly prefer: readonly HostName[];
};

/** Who may own a set, and how it moves. */
export type SetPolicy = {
  /** The only hosts that may own it; null: every host. */
  readonly only: readonly HostName[] | null;
  /** Sets with the same word are on different hosts, as far as there are hosts; null: it does not matter. */
  readonly apart: string | null;
  /** How long a preferred host must be back before it gets the set again, 0..86400000, 0: at once; null: never. */
  readonly failbackMs: number | null;
  /** Which comes first when it moves between two live hosts: the claim of the new one, or the release of the old one. */
  readonly handover: 'make-before-break' | 'break-before-make';
};

export type ManagedSet = AddressSet & SetPolicy;

export type Host = {
  readonly name: HostName;
  /** Addresses that carry heartbeats; the first names it on the wire. */
  readonly paths: readonly IpAddress[];
  /** Share of the load it takes among equals, 1..1000, default 100. */
  readonly weight: number;
  /** Owns nothing, counts for the majority; needs no interface of a set. */
  readonly witness: boolean;
};

export type BalanceSettings = {
  /** auto: in rounds by itself, and on demand as well. */
  readonly mode: 'off' | 'on-demand' | 'auto';
  /** Sets that move in one round at the most, 1..4096, default 2; on demand all move at once. */
  readonly movesMax: number;
  /** From the end of one round to the next, and from a view to its first, 1000..86400000, default 30000. */
  readonly everyMs: number;
};

/** Penalties have no unit: each departure without a word adds 1000. */
export type DampingSettings = {
  /** In this time a penalty falls to a half, 1000..86400000, default 900000. */
  readonly halfLifeMs: number;
  /** From here on a host gets no sets, 1000..100000, default 2000. */
  readonly suppress: number;
  /** Until it has fallen to this, 1..suppress - 1, default 750. */
  readonly reuse: number;
  /** The greatest there is, by how long a host may be damped at the most, default 12000 (1 h). */
  readonly ceiling: number;
};

export type Discovery =
  | { readonly kind: 'multicast'; readonly address: IpAddress }
  /** Unicast to the paths of every host in the file. */
  | { readonly kind: 'hosts' };

/** Where members may be, beside the hosts of the file. A name has any number of addresses, and other ones later. */
export type PeerEntry =
  | { readonly kind: 'address'; readonly address: IpAddress }
  /** In lower case. */
  | { readonly kind: 'name'; readonly name: string };

export type Announce = {
  /** Per interface, 1..100000, default 12000. */
  readonly framesPerSecond: number;
  /** Hosts that are told one by one, at most 1024; the routers of the host are told anyway. */
  readonly notify: readonly IpAddress[];
  /** Whether members share whom they talk with, and tell those one by one; default: where the rate is 100 or more. */
  readonly neighbours: boolean;
};

export type Config = {
  readonly file: string;
  readonly group: string;
  readonly keyFile: string;
  /** Interval between heartbeats, 5..10000, default 100. */
  readonly heartbeatMs: number;
  /** Patience: how long a member may be silent; default 2.25 heartbeats. */
  readonly detectMs: number;
  /** Whether what a silent host still answers for is left with it until it stops, default answered; or taken over at once. */
  readonly takeover: 'answered' | 'immediate';
  /** How long the agent's main loop may make no progress, 200..60000, default 500. */
  readonly hangMs: number;
  /** UDP port of the built-in engine, default 4807. */
  readonly port: number;
  readonly discovery: Discovery;
  /** At most 64; none with multicast. Where there are some, the file may not name every host. */
  readonly peers: readonly PeerEntry[];
  /** How long a cold start waits for the hosts of the file before it hands out sets. */
  readonly matureMs: number;
  /** How long a claimed address stays in the kernel without renewal, whole seconds from 6, or 'never'. */
  readonly lifetimeSeconds: number | 'never';
  readonly announce: Announce;
  /** How long a station that has an address may take to say so, before a first claim; 20..2000, null: it is not asked. Default 200. */
  readonly probeMs: number | null;
  /** What is done about a station outside of the group that claims what is held. Default keep. */
  readonly conflict: 'keep' | 'yield';
  readonly balance: BalanceSettings;
  /** null: hosts may come and go as they like. */
  readonly damping: DampingSettings | null;
  /** serve: each side of a cut serves all. majority: the one with more than half of the hosts, if there is one. Default serve. */
  readonly partition: 'serve' | 'majority';
  /** Neighbours outside of the group: a host that is alone, and that none of them answers, holds nothing. Empty: it is not asked. */
  readonly witnessAddresses: readonly IpAddress[];
  readonly hosts: readonly Host[];
  readonly sets: readonly ManagedSet[];
  /** Digest over everything of the pool that members must agree on: 16 hex digits. */
  readonly poolVersion: string;
};
