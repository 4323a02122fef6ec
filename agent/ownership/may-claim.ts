/** Whether a claim that had to wait may go on: what came meanwhile can have made it another host's. */
import type { SetName } from './grant.ts';
import { isOutFor } from './holder.ts';
import type { OwnershipState } from './state.ts';

/** False only where the holder begins no claim either: one that is given up for it is not begun again at once. */
export function mayClaim(state: OwnershipState, set: SetName): boolean {
  if (state.stalledUntil !== null) return false;
  if (state.view === null || state.leavingUntil !== null || state.left || state.abandoning || isOutFor(state, set))
    return false;
  if (!state.setNames.has(set)) return false;
  return state.assignments.get(set)?.owner === state.self;
}
