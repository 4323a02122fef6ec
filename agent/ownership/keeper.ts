/** Who keeps a set that members hold already: on one side the newest grant, between sides that meet the merge order. */
import { hostOf, type MemberId } from '../membership/view.ts';
import { compareGrants, type Grant, isAdopted } from './grant.ts';
import type { Placement } from './placement.ts';
import { type PoolSet, priorityOf } from './pool.ts';
import type { Choice } from './reason.ts';

/** A member of the view that holds the set, or was last told to. */
export type Holder = {
  readonly member: MemberId;
  readonly grant: Grant;
  readonly pinned: boolean;
  /** Names the view it decided in last: holders of one side knew each other's grants. */
  readonly side: string;
  /** Members of the view that come from that side. */
  readonly sideSize: number;
};

export type Keeper = { readonly holder: Holder; readonly choice: Choice };

/**
 * null where no holder is able. Within a side the newest grant counts, because the older ones were ended by it; grants of
 * two sides say nothing about each other.
 */
export function chooseKeeper(set: PoolSet, holders: readonly Holder[], placement: Placement): Keeper | null {
  const [only] = holders;
  if (only === undefined) return null;
  if (holders.length === 1) return { holder: only, choice: 'newest grant' }; // nearly always, and thousands of times
  const bySide = new Map<string, Holder>();
  const granted = holders.filter(({ grant }) => !isAdopted(grant));
  // What a guard kept yields to whom the group has given it since.
  for (const holder of granted.length > 0 ? granted : holders) {
    const newest = bySide.get(holder.side);
    if (newest === undefined || isNewer(holder, newest)) bySide.set(holder.side, holder);
  }
  const winners = [...bySide.values()].sort(
    (a, b) => compareAcrossSides(set, a, b, placement)[0] || (a.member < b.member ? -1 : 1),
  );
  const [best, second] = winners;
  if (best === undefined) return null;
  if (second === undefined) return { holder: best, choice: 'newest grant' };
  return { holder: best, choice: compareAcrossSides(set, best, second, placement)[1] };
}

/** Of what several guards kept no grant is the newer one: the name decides, not who told first. */
function isNewer(a: Holder, b: Holder): boolean {
  return (compareGrants(a.grant, b.grant) || (a.member < b.member ? 1 : -1)) > 0;
}

function compareAcrossSides(set: PoolSet, a: Holder, b: Holder, placement: Placement): readonly [number, Choice] {
  const isDamped = ({ member }: Holder): boolean => placement.find(member)?.damped ?? false;
  if (isDamped(a) !== isDamped(b)) return [isDamped(b) ? -1 : 1, 'not damped'];
  if (a.pinned !== b.pinned) return [a.pinned ? -1 : 1, 'pinned'];
  const byConflicts = placement.conflictsOf(set, a.member) - placement.conflictsOf(set, b.member);
  if (byConflicts !== 0) return [byConflicts, 'kept apart'];
  const byPriority = priorityOf(set, hostOf(a.member)) - priorityOf(set, hostOf(b.member));
  if (byPriority !== 0) return [byPriority, 'preferred'];
  const bySize = b.sideSize - a.sideSize;
  if (bySize !== 0) return [bySize, 'larger side'];
  const weight = (holder: Holder): number => placement.find(holder.member)?.weight ?? 1;
  const byLoad = placement.loadOf(a.member) * weight(b) - placement.loadOf(b.member) * weight(a);
  if (byLoad !== 0) return [byLoad, 'least loaded'];
  return [0, 'first by name'];
}
