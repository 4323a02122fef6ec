/** What is in the kernel for each set that this host holds, or about to be; found by set and by what the kernel says of an address. */
import type { SetName } from '../ownership/grant.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import { keyOf, type PlacedAddress } from './addresses.ts';

export type HeldAddress = { readonly set: SetName; readonly address: PlacedAddress };

export class HeldSets {
  readonly #sets = new Map<SetName, readonly PlacedAddress[]>();
  readonly #byKey = new Map<string, HeldAddress>();

  put(set: SetName, addresses: readonly PlacedAddress[]): void {
    this.remove(set);
    this.#sets.set(set, addresses);
    for (const address of addresses) this.#byKey.set(keyOf(address), { set, address });
  }

  /** @returns what it had */
  remove(set: SetName): readonly PlacedAddress[] {
    const addresses = this.#sets.get(set) ?? [];
    this.#sets.delete(set);
    for (const address of addresses) this.#byKey.delete(keyOf(address));
    return addresses;
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

  names(): readonly SetName[] {
    return [...this.#sets.keys()];
  }

  all(): readonly PlacedAddress[] {
    return [...this.#sets.values()].flat();
  }
}
