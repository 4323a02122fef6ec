/**
 * What is in the kernel at the start of an agent, marked as ours. What a guard kept since the agent before this one died is
 * adopted, where it is a set of the configuration in whole: the guard has seen that nobody else announced it. The rest goes: of
 * that, nobody knows who has it now.
 */
import type { AddressSet, InterfaceName, IpAddress } from '../config/config.ts';
import type { SetName } from '../ownership/grant.ts';
import type { GuardedAddress } from '../wire/guard-message.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import { isOurs, keyOf, listAddresses, type PlacedAddress, removeAddresses } from './addresses.ts';
import type { InterfaceFinder } from './interface-finder.ts';
import type { LinkTable } from './links.ts';
import type { Log } from './log.ts';
import type { RouteSocket } from './route-socket.ts';

export type LeftoverOptions = {
  readonly route: RouteSocket;
  readonly links: LinkTable;
  readonly finder: InterfaceFinder;
  readonly sets: readonly AddressSet[];
  /** What a guard handed over; empty without one. */
  readonly guarded: readonly GuardedAddress[];
  readonly log: Log;
};

/** @returns the sets that are adopted. @throws NetlinkError where the kernel does not tell its addresses */
export async function settleLeftovers({
  route,
  links,
  finder,
  sets,
  guarded,
  log,
}: LeftoverOptions): Promise<readonly SetName[]> {
  const list = await listAddresses(route);
  if (list.kind === 'failed') throw list.error;
  const present = list.addresses.filter(isOurs).map((found) => placeOf(found, links));
  const adoptable = new Set(guarded.map(keyOf));
  const there = new Set(present.map(keyOf).filter((key) => adoptable.has(key)));
  const adopted = sets.filter((set) => keysOf(set, finder).every((key) => there.has(key)));
  const kept = new Set(adopted.flatMap((set) => keysOf(set, finder)));
  const leftovers = present.filter((address) => !kept.has(keyOf(address)));
  if (adopted.length > 0) {
    log.warning(
      `adopting ${adopted.map(({ name }) => name).join(' ')}, which a guard has kept since the last agent died`,
    );
  }
  if (leftovers.length > 0) {
    log.warning(`removing ${leftovers.length} addresses that an agent before this one left behind`);
    await removeAddresses(route, leftovers);
  }
  return adopted.map(({ name }) => name);
}

function keysOf(set: AddressSet, finder: InterfaceFinder): readonly string[] {
  return set.addresses.map((address) => {
    const place = finder.find(address.interface);
    return place.kind === 'none' ? place.why : keyOf({ ...address, interfaceIndex: place.link.index });
  });
}

function placeOf(found: KernelAddress, links: LinkTable): PlacedAddress {
  const name = links.byIndex(found.interfaceIndex)?.name ?? String(found.interfaceIndex);
  // As the kernel writes them, they are canonical.
  return { ...found, address: found.address as IpAddress, interface: name as InterfaceName };
}
