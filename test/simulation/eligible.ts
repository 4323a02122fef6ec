/** Who could own a set, as the world has it and not as the coordinator believes. */
import type { SetName } from '../../agent/ownership/grant.ts';
import { unableSets } from '../../agent/ownership/report.ts';
import type { Agent } from './agent.ts';
import type { Settled } from './rest.ts';

/** Somebody of the view could own it, and nothing says that nobody is to. */
export function isOwed(view: Settled, set: SetName): boolean {
  if (view.some(({ ownership }) => ownership.freeze.frozen)) return false;
  if (!view.some(({ ownership }) => ownership.mature)) return false;
  if (view.some(({ ownership }) => ownership.assignments.get(set)?.reason.kind === 'abandoned')) return false;
  return view.some((agent) => mayOwn(agent, set));
}

export function mayOwn({ ownership, host }: Agent, set: SetName): boolean {
  if (ownership.leavingUntil !== null || ownership.abandoning || ownership.drained) return false;
  const only = ownership.pool.sets.find(({ name }) => name === set)?.only ?? null;
  return !unableSets(ownership).has(set) && (only === null || only.some((name) => name === host.name));
}
