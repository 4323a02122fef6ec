/** Who could own a set, as the world has it and not as the coordinator believes. */
import { hostOf } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { unableSets } from '../../agent/ownership/report.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';

type Owning = { readonly ownership: OwnershipState };

/** Somebody of the view could own it, and nothing says that nobody is to. */
export function isOwed(view: readonly Owning[], set: SetName): boolean {
  if (view.some(({ ownership }) => ownership.freeze.frozen)) return false;
  if (!view.some(({ ownership }) => ownership.mature)) return false;
  if (view.some(({ ownership }) => ownership.assignments.get(set)?.reason.kind === 'abandoned')) return false;
  return view.some((agent) => mayOwn(agent, set));
}

export function mayOwn({ ownership }: Owning, set: SetName): boolean {
  if (ownership.leavingUntil !== null || ownership.abandoning || ownership.drained) return false;
  const only = ownership.pool.sets.find(({ name }) => name === set)?.only ?? null;
  return !unableSets(ownership).has(set) && (only === null || only.includes(hostOf(ownership.self)));
}
