/** The addresses of this host, live: so that one which something else removed or added is noticed at once. */
import type { NetlinkMessage } from '../wire/netlink.ts';
import { routeTypes } from '../wire/rtnetlink.ts';
import { decodeAddress, type KernelAddress } from '../wire/rtnetlink-address.ts';
import { addressDump } from './address-requests.ts';
import { KernelTable, type TableChange, type TableEntry } from './kernel-table.ts';
import type { NetlinkError } from './netlink-error.ts';
import type { RouteSocket } from './route-socket.ts';

/** A renewal is no change; one of its flags (e.g. duplicate detection failed) or its protocol is. */
export type AddressChange = TableChange<KernelAddress>;

export class AddressWatch {
  readonly #table: KernelTable<KernelAddress>;

  constructor(route: RouteSocket) {
    this.#table = new KernelTable(route, {
      dump: addressDump,
      read: readAddress,
      same: (a, b) => a.flags === b.flags && a.protocol === b.protocol && a.peer === b.peer,
    });
  }

  /** Resolves when the table is filled; null, or why it could not be. */
  open(): Promise<NetlinkError | null> {
    return this.#table.open();
  }

  /** Its lifetimes are those of when it was last notified. */
  all(): readonly KernelAddress[] {
    return this.#table.values();
  }

  /** Called after the table has changed. Returns the function that ends it. */
  onChange(listener: (change: AddressChange) => void): () => void {
    return this.#table.onChange(listener);
  }

  close(): void {
    this.#table.close();
  }
}

function readAddress(message: NetlinkMessage): TableEntry<KernelAddress> | null {
  if (message.type !== routeTypes.newAddress && message.type !== routeTypes.deleteAddress) return null;
  const decoded = decodeAddress(message.body);
  if (decoded.kind === 'refused') return null;
  const { interfaceIndex, address, prefixLength, peer } = decoded.address;
  const key = `${interfaceIndex} ${address}/${prefixLength} ${peer ?? ''}`;
  if (message.type === routeTypes.deleteAddress) return { kind: 'absent', key };
  return { kind: 'present', key, value: decoded.address };
}
