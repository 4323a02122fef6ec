/** Which sets this host cannot hold for want of a working interface, and why. */
import type { AddressSet } from '../config/config.ts';
import type { SetName } from '../ownership/grant.ts';

/** @returns reasons to follow the words "cannot hold it": `interface eth0 is down` */
export function setsWithoutLink(
  sets: readonly AddressSet[],
  hindrance: (interfaceName: string) => string | null,
): ReadonlyMap<SetName, string> {
  const unable = new Map<SetName, string>();
  for (const set of sets) {
    for (const name of new Set(set.addresses.map((address) => address.interface))) {
      const why = hindrance(name);
      if (why !== null && !unable.has(set.name)) unable.set(set.name, why);
    }
  }
  return unable;
}
