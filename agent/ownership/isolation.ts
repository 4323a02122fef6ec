/**
 * `witness_addresses`: a host that is alone in its view and whose witness does not answer either takes itself for the one that is cut
 * off, and holds nothing. With anybody in its view, or the witness answering, `partition` alone counts.
 */
import { hostOf } from '../membership/view.ts';
import { inMinority, minorityOf } from './quorum.ts';
import type { OwnershipState } from './state.ts';

/** unknown: since the start there was neither an answer nor enough silence. */
export type WitnessWord = 'unknown' | 'answers' | 'silent';

export function isIsolated(state: OwnershipState): boolean {
  return state.witness === 'silent' && dependsOnWitness(state);
}

/** Nothing is decided yet: what a guard kept stays where it is, and nothing is claimed. */
export function awaitsWitness(state: OwnershipState): boolean {
  return state.witness === 'unknown' && dependsOnWitness(state);
}

/** This host holds nothing and claims nothing: it is on the wrong side of a cut, as far as it can know. */
export function isBarred(state: OwnershipState): boolean {
  return inMinority(state) || isIsolated(state);
}

/** For people; null where this side may serve. */
export function barOf(state: OwnershipState): string | null {
  if (isIsolated(state)) return 'this host hears no other, and no witness address answers: it may be cut off';
  return minorityOf(state);
}

function dependsOnWitness({ pool, view, self }: OwnershipState): boolean {
  if (pool.witnessAsked !== true || pool.witnesses?.has(hostOf(self)) === true) return false;
  return view !== null && view.members.length === 1;
}
