/**
 * Releases that others may not have heard of. A member that lets go of a set outside the view of its owner (after a stall, on
 * its side of a cut), or while the view is changing, says so again in the next view: neighbours that asked it meanwhile hear
 * of the owner once more. The same for one that left before its last word came.
 */
import type { View } from '../membership/view.ts';
import { compareGrants } from './grant.ts';
import type { GrantedSet } from './message.ts';
import type { OwnershipEffect, OwnershipState } from './state.ts';

/** To be said in a new view: what the former may not have heard, and to members that come from elsewhere all there is. */
export function releasesToRepeat(state: OwnershipState, view: View): readonly GrantedSet[] {
  const strangers = view.together.length < view.members.length;
  return [...state.releases]
    .map(([set, grant]): GrantedSet => ({ set, grant }))
    .filter((release) => !state.holdings.has(release.set) && (strangers || !isHeard(state, release)));
}

/**
 * Announces what this member still owns and somebody who is gone had as well, or was getting rid of, as far as was heard.
 *
 * @param installed the state in the new view, in which it may have to let go
 */
export function announceAfter(
  before: OwnershipState,
  installed: OwnershipState,
  view: View,
): readonly OwnershipEffect[] {
  const gone = [...before.reports].filter(([member]) => !view.members.includes(member));
  const left = new Set(gone.flatMap(([, { holds, releasing }]) => [...holds.map(({ set }) => set), ...releasing]));
  const sets = [...left].filter(
    (set) => installed.holdings.get(set)?.phase === 'held' && installed.assignments.get(set)?.owner === installed.self,
  );
  return sets.length === 0 ? [] : [{ kind: 'announce', sets }];
}

/** Its own word has come back to this member: whoever goes on with it has heard it too. */
function isHeard({ releasesHeard, self }: OwnershipState, { set, grant }: GrantedSet): boolean {
  const heard = releasesHeard.get(set)?.get(self);
  return heard !== undefined && compareGrants(heard, grant) >= 0;
}
