/** Whether sets are where they should be, as far as the members have said. */
import { hostOf, type MemberId } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import type { OwnershipState } from './state.ts';

/** Who holds what; a member that is getting a set or getting rid of it counts as well. */
export function reportedHolders(state: OwnershipState): ReadonlyMap<SetName, readonly MemberId[]> {
  const holders = new Map<SetName, MemberId[]>();
  for (const [member, report] of state.reports) {
    for (const { set } of report.holds) {
      const known = holders.get(set);
      if (known === undefined) holders.set(set, [member]);
      else known.push(member);
    }
  }
  return holders;
}

/** What keeps the set from being with its owner and with nobody else; null: it is. */
export function unsettled(
  state: OwnershipState,
  set: SetName,
  holders: ReadonlyMap<SetName, readonly MemberId[]>,
): string | null {
  const owner = state.assignments.get(set)?.owner ?? null;
  const held = holders.get(set) ?? [];
  const others = held.filter((member) => member !== owner);
  if (others.length > 0) return `${set} is still held by ${others.map(hostOf).join(', ')}`;
  if (owner !== null && held.length === 0) return `${set} is not claimed by ${hostOf(owner)} yet`;
  return null;
}

export function isSettled(
  state: OwnershipState,
  set: SetName,
  holders: ReadonlyMap<SetName, readonly MemberId[]> = reportedHolders(state),
): boolean {
  return unsettled(state, set, holders) === null;
}
