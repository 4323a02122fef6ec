/** What the rtnetlink messages share (rtnetlink(7)): their types, groups and address families. */

export const routeTypes = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  getRoute: 26,
  newNeighbour: 28,
  deleteNeighbour: 29,
  getNeighbour: 30,
} as const;

/** RTNLGRP_* */
export const routeGroups = { link: 1, neighbour: 3, ipv4Address: 5, ipv6Address: 9 } as const;

/** AF_* */
export const families = { unspecified: 0, ipv4: 2, bridge: 7, ipv6: 10 } as const;

export function ipVersion(family: number): 4 | 6 | null {
  return family === families.ipv4 ? 4 : family === families.ipv6 ? 6 : null;
}

export function familyOf(version: 4 | 6): number {
  return version === 4 ? families.ipv4 : families.ipv6;
}
