/** Whom this host can ask about a neighbour's address: on which interfaces, and from where. */
import { isWithin, parseIp } from '../config/ip-number.ts';
import { addressFlags, type KernelAddress } from '../wire/rtnetlink-address.ts';
import { isOurs } from './addresses.ts';

/** Those where this host has an address of its own in the same subnet: indexes, each once. What a set has put there counts for nothing: it goes. */
export function interfacesOnLink(address: string, present: readonly KernelAddress[]): readonly number[] {
  const wanted = parseIp(address);
  if (wanted === undefined) return [];
  const found = present.filter((own) => {
    const network = isOurs(own) ? undefined : parseIp(own.address);
    return network !== undefined && isWithin(wanted, network, own.prefixLength);
  });
  return [...new Set(found.map(({ interfaceIndex }) => interfaceIndex))];
}

/** What this host speaks from on an interface to its IPv6 neighbours; null where it has no such address, or not yet. */
export function linkLocalOn(interfaceIndex: number, present: readonly KernelAddress[]): string | null {
  const own = present.find(
    (each) =>
      each.interfaceIndex === interfaceIndex &&
      each.family === 6 &&
      each.scope === scopeLink &&
      !isOurs(each) &&
      (each.flags & (addressFlags.tentative | addressFlags.duplicateDetectionFailed)) === 0,
  );
  return own?.address ?? null;
}

/** RT_SCOPE_LINK */
const scopeLink = 253;
