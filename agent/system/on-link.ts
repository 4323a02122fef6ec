/** On which interfaces an address is a neighbour's: those where this host has an address of its own in the same subnet. */
import { isWithin, parseIp } from '../config/ip-number.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import { isOurs } from './addresses.ts';

/** Indexes, each once. What a set has put there counts for nothing: it goes. */
export function interfacesOnLink(address: string, present: readonly KernelAddress[]): readonly number[] {
  const wanted = parseIp(address);
  if (wanted === undefined) return [];
  const found = present.filter((own) => {
    const network = isOurs(own) ? undefined : parseIp(own.address);
    return network !== undefined && isWithin(wanted, network, own.prefixLength);
  });
  return [...new Set(found.map(({ interfaceIndex }) => interfaceIndex))];
}
