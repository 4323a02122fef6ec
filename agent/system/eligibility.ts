/** Which sets something about their interfaces concerns: what keeps this host from holding them, or what is to be told of them. */
import type { AddressSet, InterfaceChoice } from '../config/config.ts';
import type { SetName } from '../ownership/grant.ts';

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
