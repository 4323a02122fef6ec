/** What the ownership state says of who has, or had, which set. */
import type { AddressSet, VirtualAddress } from './config/config.ts';
import type { MemberId } from './membership/view.ts';
import type { SetName } from './ownership/grant.ts';
import { setsLeftTo } from './ownership/spared.ts';
import type { OwnershipState } from './ownership/state.ts';

/** Sets that nobody of the group is known to have; that the last owner is gone says that it had it until now. */
export function unheldBy({ assignments, reports, self }: OwnershipState): (set: SetName) => boolean {
  const others = [...reports].filter(([member]) => member !== self);
  const held = new Set(others.flatMap(([, { holds }]) => holds.map(({ set }) => set)));
  return (set) => assignments.get(set)?.reason.kind !== 'takeover' && !held.has(set);
}

/** An address of each set that the newest decision gives to the member; once it is out of the view, that is left for it. */
export function lastHeldBy(
  state: OwnershipState,
  sets: readonly AddressSet[],
  member: MemberId,
): readonly VirtualAddress[] {
  const held = new Set(setsLeftTo(state, member));
  return sets.flatMap(({ name, addresses }) => (held.has(name) ? addresses.slice(0, 1) : []));
}
