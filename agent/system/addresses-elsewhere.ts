/**
 * An address that the host has already, not put there by us, with another prefix length or on another interface. To the kernel these
 * are two addresses and it takes both; to the network they are one, and it would stay when the set moves on.
 */
import type { SetName } from '../ownership/grant.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import { operationOn } from './address-requests.ts';
import { AddressTakenError, isOurs, keyOf, type PlacedAddress } from './addresses.ts';
import type { LinkTable } from './links.ts';

/** The sets of `wanted` that have one, and why they cannot be claimed. */
export function takenElsewhere(
  wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>,
  present: readonly KernelAddress[],
  links: Pick<LinkTable, 'byIndex'>,
): ReadonlyMap<SetName, string> {
  const foreign = new Map<string, KernelAddress>();
  for (const address of present) if (!isOurs(address)) foreign.set(scopedKey(address), address);
  const taken = new Map<SetName, string>();
  for (const [set, addresses] of wanted) {
    for (const address of addresses) {
      const other = foreign.get(scopedKey(address));
      // The very same is the kernel's to refuse: what we know of it may be older than its end.
      if (other === undefined || keyOf(other) === keyOf(address) || taken.has(set)) continue;
      const name = links.byIndex(other.interfaceIndex)?.name ?? `interface ${other.interfaceIndex}`;
      const where = `, as ${other.address}/${other.prefixLength} on ${name}`;
      taken.set(set, new AddressTakenError(operationOn('add', address), other, where).message);
    }
  }
  return taken;
}

/** A link-local address is another one on every interface. */
function scopedKey({ address, interfaceIndex }: KernelAddress | PlacedAddress): string {
  return /^fe[89ab]/.test(address) ? `${address}%${interfaceIndex}` : address;
}
