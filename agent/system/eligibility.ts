/** Which sets this host cannot hold for want of a working interface, and why. */
import type { AddressSet } from '../config/config.ts';
import type { SetName } from '../ownership/grant.ts';
import type { Link } from './links.ts';

/** @returns reasons to follow the words "cannot hold it": `interface eth0 is down` */
export function setsWithoutLink(
  sets: readonly AddressSet[],
  linkByName: (name: string) => Link | undefined,
): ReadonlyMap<SetName, string> {
  const unable = new Map<SetName, string>();
  for (const set of sets) {
    for (const name of new Set(set.addresses.map((address) => address.interface))) {
      const why = hindrance(name, linkByName(name));
      if (why !== null && !unable.has(set.name)) unable.set(set.name, why);
    }
  }
  return unable;
}

function hindrance(name: string, link: Link | undefined): string | null {
  if (link === undefined) return `interface ${name} does not exist`;
  if (!link.up) return `interface ${name} is down`;
  if (!link.carrier) return `interface ${name} has no carrier`;
  return null;
}
