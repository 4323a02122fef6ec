/** Moves a set back to a host that its configuration prefers, once that host has been there and able for long enough. */
import { hostOf, type InstantMs, type MemberId } from '../membership/view.ts';
import { ableSince, type Candidate, hindrance } from './candidates.ts';
import type { Placement } from './placement.ts';
import { type PoolSet, priorityOf } from './pool.ts';

/** The better host that is due now; null: the owner stays. Nothing is ever brought together that `apart` keeps apart. */
export function failbackTarget(set: PoolSet, owner: MemberId, placement: Placement, now: InstantMs): MemberId | null {
  placement.take(set, owner);
  const conflictsMax = placement.conflictsOf(set, owner);
  const chosen = placement.choose(set, (candidate) => {
    const due = failbackAt(set, owner, candidate);
    return due !== null && due <= now && placement.conflictsOf(set, candidate.member) <= conflictsMax;
  });
  placement.put(set, owner);
  return chosen?.member ?? null;
}

/** When the next set may be due for one of the candidates; null: none, as things are. */
export function nextFailback(
  sets: readonly PoolSet[],
  ownerOf: (set: PoolSet) => MemberId | null,
  candidates: readonly Candidate[],
  now: InstantMs,
): InstantMs | null {
  let next: InstantMs | null = null;
  for (const set of sets) {
    const owner = set.failbackMs === null || set.prefer.length === 0 ? null : ownerOf(set);
    if (owner === null) continue;
    for (const candidate of candidates) {
      const due = failbackAt(set, owner, candidate);
      if (due !== null && due > now && (next === null || due < next)) next = due;
    }
  }
  return next;
}

/** null where the candidate is no better than the owner, or may not own the set. */
function failbackAt(set: PoolSet, owner: MemberId, candidate: Candidate): InstantMs | null {
  if (set.failbackMs === null || priorityOf(set, candidate.host) >= priorityOf(set, hostOf(owner))) return null;
  if (candidate.damped || hindrance(candidate, set) !== null) return null;
  return (ableSince(candidate, set) + set.failbackMs) as InstantMs; // later on the same clock
}
