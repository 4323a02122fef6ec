/** What is in the kernel for each set that this host holds, or about to be; found by set and by what the kernel says of an address. */
import type { SetName } from '../ownership/grant.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import { keyOf, type PlacedAddress } from './addresses.ts';

export type HeldAddress = { readonly set: SetName; readonly address: PlacedAddress };

export class HeldSets {
  readonly #sets = new Map<SetName, readonly PlacedAddress[]>();
  readonly #byKey = new Map<string, HeldAddress>();
  readonly #byPlace = new Map<string, SetName>();

  put(set: SetName, addresses: readonly PlacedAddress[]): void {
    this.remove(set);
    this.#sets.set(set, addresses);
    for (const address of addresses) {
      this.#byKey.set(keyOf(address), { set, address });
      this.#byPlace.set(`${address.interfaceIndex} ${address.address}`, set);
    }
  }

  /** @returns what it had */
  remove(set: SetName): readonly PlacedAddress[] {
    const addresses = this.#sets.get(set) ?? [];
    this.#sets.delete(set);
    for (const address of addresses) {
      this.#byKey.delete(keyOf(address));
      this.#byPlace.delete(`${address.interfaceIndex} ${address.address}`);
    }
    return addresses;
  }

  /** Also with no address, while its only one moves to another interface. */
  holds(set: SetName): boolean {
    return this.#sets.has(set);
  }

  addresses(set: SetName): readonly PlacedAddress[] {
    return this.#sets.get(set) ?? [];
  }

  has(address: PlacedAddress): boolean {
    return this.#byKey.get(keyOf(address))?.address === address;
  }

  setOf(address: PlacedAddress): SetName | undefined {
    return this.#byKey.get(keyOf(address))?.set;
  }

  find(kernel: KernelAddress): HeldAddress | undefined {
    return this.#byKey.get(keyOf(kernel));
  }

  /** The set that has the address on the interface, whatever its prefix length. */
  setAt(interfaceIndex: number, address: string): SetName | undefined {
    return this.#byPlace.get(`${interfaceIndex} ${address}`);
  }

  names(): readonly SetName[] {
    return [...this.#sets.keys()];
  }

  all(): readonly PlacedAddress[] {
    return [...this.#sets.values()].flat();
  }
}
