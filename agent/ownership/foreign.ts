/**
 * Sets that the coordinator's own file does not have, while files are changed host by host: who has such a set in its file may
 * go on to have it, or get it. Of its policy nothing is known here but that each member names only what it may hold itself.
 */
import type { Candidate } from './candidates.ts';
import type { SetName } from './grant.ts';
import type { Pool, PoolSet } from './pool.ts';
import type { OwnershipState } from './state.ts';

export type Scope = { readonly pool: Pool; readonly candidates: readonly Candidate[] };

/**
 * The coordinator's pool with what others have in their files, and with what nobody has any more and was last said to have an
 * owner, or to wait for what ends by itself: all are to hear that it has none.
 */
export function withForeignSets(state: OwnershipState, candidates: readonly Candidate[]): Scope {
  const { pool, setNames, assignments } = state;
  const foreign = new Set<SetName>();
  for (const { sets } of candidates) for (const set of sets ?? []) if (!setNames.has(set)) foreign.add(set);
  for (const [set, { owner, reason }] of assignments) {
    const waits = reason.kind === 'answering' || reason.kind === 'fenced';
    if ((owner !== null || waits) && !setNames.has(set)) foreign.add(set);
  }
  if (foreign.size === 0) return { pool, candidates };
  const sets = [...pool.sets, ...[...foreign].map(foreignSet)].sort((a, b) => (a.name < b.name ? -1 : 1));
  // Whoever has the same file as the coordinator does not have them either.
  return { pool: { ...pool, sets }, candidates: candidates.map((it) => ({ ...it, sets: it.sets ?? setNames })) };
}

/** Break before make, in case that its owners want it so. */
function foreignSet(name: SetName): PoolSet {
  return { name, prefer: [], only: null, apart: null, failbackMs: null, handover: 'break-before-make' };
}
