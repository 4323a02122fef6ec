/** Which sets something about their interfaces concerns: what keeps this host from holding them, or what is to be told of them. */
import type { AddressSet, InterfaceChoice } from '../config/config.ts';
import type { SetName } from '../ownership/grant.ts';
import type { InterfaceFinder } from './interface-finder.ts';
import type { LinkTable } from './links.ts';

/** @param why of an interface: `interface eth0 is down`; null: nothing @returns the first of each set that has one */
export function setsConcerned(
  sets: readonly AddressSet[],
  why: (choice: InterfaceChoice) => string | null,
): ReadonlyMap<SetName, string> {
  const concerned = new Map<SetName, string>();
  for (const set of sets) {
    for (const choice of new Set(set.addresses.map((address) => address.interface))) {
      const reason = why(choice);
      if (reason !== null && !concerned.has(set.name)) concerned.set(set.name, reason);
    }
  }
  return concerned;
}

/** The first set that has no place on this host, in words; null: they all have. */
export function interfaceMissing(
  sets: readonly AddressSet[],
  finder: Pick<InterfaceFinder, 'find'>,
  links: Pick<LinkTable, 'all'>,
): string | null {
  for (const set of sets) {
    for (const { interface: choice } of set.addresses) {
      const place = finder.find(choice);
      if (place.kind === 'found') continue;
      const present = links.all().map((link) => link.name);
      return choice.includes('/')
        ? `Set ${set.name} has no place on this host: ${place.why}`
        : `Set ${set.name} is on interface ${choice}, which this host does not have; it has ${present.join(', ')}`;
    }
  }
  return null;
}
