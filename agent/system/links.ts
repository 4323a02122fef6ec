/** The network interfaces of this host, live. */
import type { MacAddress } from '../wire/mac-address.ts';
import type { NetlinkMessage } from '../wire/netlink.ts';
import { families, routeTypes } from '../wire/rtnetlink.ts';
import {
  decodeLink,
  encodeLinkCountersRequest,
  encodeLinkRequest,
  hardwareTypes,
  type KernelLink,
  linkEvents,
  linkFlags,
} from '../wire/rtnetlink-link.ts';
import { KernelTable, type TableChange, type TableEntry } from './kernel-table.ts';
import type { NetlinkError } from './netlink-error.ts';
import type { RouteSocket } from './route-socket.ts';

export type Link = {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress | null;
  /** Administratively. */
  readonly up: boolean;
  /** Up, and the layer below as well. */
  readonly carrier: boolean;
  /** Whether neighbours are found by ARP and neighbour discovery on it: Ethernet, and not NOARP. */
  readonly arp: boolean;
  readonly loopback: boolean;
  readonly mtu: number | null;
  /** 'veth', 'bond', 'vlan', …; null for a physical device. */
  readonly kind: string | null;
  /** Index of the bridge, bond or VRF it belongs to. */
  readonly master: number | null;
  /** Index of the link that this VLAN or macvlan is made on. */
  readonly lower: number | null;
};

export type LinkChange = TableChange<Link>;

export class LinkTable {
  readonly #route: RouteSocket;
  readonly #table: KernelTable<Link>;

  constructor(route: RouteSocket) {
    this.#route = route;
    this.#table = new KernelTable(route, {
      dump: { type: routeTypes.getLink, flags: 0, body: encodeLinkRequest(0), operation: 'list the interfaces' },
      read: readLink,
      same: (a, b) => JSON.stringify(a) === JSON.stringify(b),
    });
  }

  /** Resolves when the table is filled; null, or why it could not be. */
  open(): Promise<NetlinkError | null> {
    return this.#table.open();
  }

  byName(name: string): Link | undefined {
    return this.#table.values().find((link) => link.name === name);
  }

  byIndex(index: number): Link | undefined {
    return this.#table.get(String(index));
  }

  all(): readonly Link[] {
    return this.#table.values();
  }

  /**
   * The link, the bridge that it is a port of, and what is made on that: where stations see a change of this link too. A VLAN or
   * macvlan on the link itself hears of it from the kernel.
   */
  affectedBy(index: number): readonly number[] {
    const master = this.byIndex(this.byIndex(index)?.master ?? noIndex);
    if (master?.kind !== 'bridge') return [index];
    const above = this.all().filter(({ lower }) => lower === master.index);
    return [index, master.index, ...above.map((link) => link.index)];
  }

  /** Called after the table has changed. Returns the function that ends it. */
  onChange(listener: (change: LinkChange) => void): () => void {
    return this.#table.onChange(listener);
  }

  /**
   * The kernel says that stations should be told anew where this host is: a bond has changed to another of its links, or the host
   * has moved to other hardware. Returns the function that ends it.
   */
  onNewPlace(listener: (index: number) => void): () => void {
    return this.#route.onNotification((message) => {
      const decoded = message.type === routeTypes.newLink ? decodeLink(message.body) : null;
      if (decoded?.kind !== 'link' || decoded.link.family !== families.unspecified) return;
      const { event, index } = decoded.link;
      if (event !== linkEvents.bondingFailover && event !== linkEvents.notifyPeers) return;
      for (const affected of this.affectedBy(index)) listener(affected);
    });
  }

  /**
   * Asks the kernel for one link and puts the answer into the table. Notifications of a lost carrier may come up to a second
   * late (the kernel rate-limits them); asking sees it at once.
   */
  async refresh(index: number): Promise<NetlinkError | null> {
    const operation = `read interface ${this.byIndex(index)?.name ?? index}`;
    const body = encodeLinkRequest(index);
    const result = await this.#route.request({ type: routeTypes.getLink, flags: 0, body, operation });
    if (result.kind === 'failed') return result.error;
    for (const message of result.messages) this.#table.apply(message);
    return null;
  }

  /** How many the link ever received, or null where the kernel does not say. */
  async receivedFrames(index: number): Promise<number | null> {
    const operation = `read the counters of interface ${this.byIndex(index)?.name ?? index}`;
    const body = encodeLinkCountersRequest(index);
    const result = await this.#route.request({ type: routeTypes.getLink, flags: 0, body, operation });
    const [message] = result.kind === 'done' ? result.messages : [];
    const decoded = message === undefined ? null : decodeLink(message.body);
    return decoded?.kind === 'link' ? decoded.link.framesReceived : null;
  }

  close(): void {
    this.#table.close();
  }
}

/** The kernel counts from 1. */
const noIndex = 0;

function readLink(message: NetlinkMessage): TableEntry<Link> | null {
  if (message.type !== routeTypes.newLink && message.type !== routeTypes.deleteLink) return null;
  const decoded = decodeLink(message.body);
  if (decoded.kind === 'refused') return null;
  // A port that leaves its bridge is said to be deleted, in family AF_BRIDGE: not the link itself.
  if (decoded.link.family !== families.unspecified) return null;
  const key = String(decoded.link.index);
  if (message.type === routeTypes.deleteLink) return { kind: 'absent', key };
  return { kind: 'present', key, value: linkOf(decoded.link) };
}

function linkOf(link: KernelLink): Link {
  const has = (flag: number) => (link.flags & flag) !== 0;
  return {
    index: link.index,
    name: link.name,
    mac: link.mac,
    up: has(linkFlags.up),
    // Not IFLA_CARRIER, which says yes of many a device that is down.
    carrier: has(linkFlags.lowerUp),
    arp:
      link.hardwareType === hardwareTypes.ethernet &&
      !has(linkFlags.noArp | linkFlags.loopback | linkFlags.pointToPoint),
    loopback: has(linkFlags.loopback),
    mtu: link.mtu,
    kind: link.kind,
    master: link.master,
    lower: link.kind === 'veth' ? null : link.lower,
  };
}
