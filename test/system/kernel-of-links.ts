/**
 * A kernel that has links and nothing else, behind a route socket: for kinds that the machine's own kernel may not have. Its messages are laid out
 * as linux/if_link.h and rtnetlink.c say (`struct ifinfomsg`, IFLA_IFNAME, IFLA_LINK, IFLA_MASTER, IFLA_LINKINFO, IFLA_EVENT).
 */
import type { RouteSocket } from '../../agent/system/route-socket.ts';
import type { NetlinkMessage } from '../../agent/wire/netlink.ts';
import { type Attribute, encodeAttributes, stringValue, uint32Value } from '../../agent/wire/netlink-attributes.ts';
import { routeTypes } from '../../agent/wire/rtnetlink.ts';
import { linkFlags } from '../../agent/wire/rtnetlink-link.ts';

export type FakeLink = {
  readonly index: number;
  readonly name: string;
  /** Null: a physical device. */
  readonly kind?: string;
  readonly master?: number;
  readonly lower?: number;
  readonly carrier?: boolean;
  readonly up?: boolean;
};

export class KernelOfLinks {
  readonly #links = new Map<number, FakeLink>();
  readonly #listeners = new Set<(message: NetlinkMessage) => void>();
  /** How often it was asked for one link. */
  asked = 0;

  readonly route: RouteSocket = {
    request: async ({ body }) => {
      this.asked += 1;
      const link = this.#links.get(new DataView(body.buffer, body.byteOffset).getInt32(4, true));
      return { kind: 'done', messages: link === undefined ? [] : [newLink(link)] };
    },
    requests: async () => [],
    orders: async () => [],
    dump: async () => ({ kind: 'done', messages: [...this.#links.values()].map((link) => newLink(link)) }),
    onNotification: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    onResync: () => () => {},
    close() {},
  };

  /** Told at once, unless linkwatch holds the notification back. */
  put(link: FakeLink, told: 'told' | 'late' = 'told'): void {
    this.#links.set(link.index, link);
    if (told === 'told') this.#tell(newLink(link));
    for (const above of this.#links.values()) {
      if (above.kind === 'vlan' && above.lower === link.index) this.put(onTopOf(link, above), told);
    }
  }

  delete(index: number): void {
    const link = this.#links.get(index);
    this.#links.delete(index);
    if (link !== undefined) this.#tell({ ...newLink(link), type: routeTypes.deleteLink });
  }

  /** @param event IFLA_EVENT_* */
  tellEvent(index: number, event: number): void {
    const link = this.#links.get(index);
    if (link !== undefined) this.#tell(newLink(link, event));
  }

  #tell(message: NetlinkMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}

/** A VLAN is up and has a carrier as the link below (net/8021q/vlan.c, vlan_device_event). */
function onTopOf({ up = true, carrier = true }: FakeLink, vlan: FakeLink): FakeLink {
  return { ...vlan, up, carrier };
}

const broadcastMulticast = 0x1002;

function newLink(link: FakeLink, event?: number): NetlinkMessage {
  const { index, name, kind, master, lower, carrier = true, up = true } = link;
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint16(2, 1, true); // ARPHRD_ETHER
  view.setInt32(4, index, true);
  view.setUint32(8, (up ? linkFlags.up : 0) | broadcastMulticast | (carrier ? linkFlags.lowerUp : 0), true);
  const attributes: Attribute[] = [
    [1, Uint8Array.of(2, 0, 0, 0, 0, index)],
    [3, stringValue(name)],
  ];
  if (lower !== undefined) attributes.push([5, uint32Value(lower)]);
  if (master !== undefined) attributes.push([10, uint32Value(master)]);
  if (kind !== undefined) attributes.push([18, encodeAttributes([[1, stringValue(kind)]])]);
  if (event !== undefined) attributes.push([44, uint32Value(event)]);
  const body = Uint8Array.from([...head, ...encodeAttributes(attributes)]);
  return { type: routeTypes.newLink, flags: 0, sequence: 0, portId: 0, body };
}
