/** Who could own a set, as the world has it and not as the coordinator believes. */
import { type HostName, hostOf } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool, PoolSet } from '../../agent/ownership/pool.ts';
import { unableSets } from '../../agent/ownership/report.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';

type Owning = { readonly ownership: OwnershipState };

/** Somebody of the view could own it, and nothing says that nobody is to. */
export function isOwed(view: readonly Owning[], set: SetName): boolean {
  if (view.some(({ ownership }) => ownership.freeze.frozen)) return false;
  if (!view.some(({ ownership }) => ownership.mature)) return false;
  if (isMinority(view.length, view[0]?.ownership.pool)) return false;
  if (view.length === 1 && view[0] !== undefined && isCutOff(view[0].ownership)) return false;
  const waits = (kind: string | undefined): boolean => kind === 'abandoned' || kind === 'answering';
  if (view.some(({ ownership }) => waits(ownership.assignments.get(set)?.reason.kind))) return false;
  const [coordinator] = view;
  return coordinator !== undefined && view.some((agent) => mayOwn(agent, set, coordinator));
}

/** Counted from the hosts of the world: the file has them all, and half is none. */
export function isMinority(members: number, pool: Pool | undefined): boolean {
  return pool?.majority !== undefined && 2 * members <= pool.majority.hosts.length;
}

/** Of one that is alone: an address must answer it, and does not. */
export function isCutOff({ pool, witness, self }: OwnershipState): boolean {
  return pool.witnessAsked === true && pool.witnesses?.has(hostOf(self)) !== true && witness !== 'answers';
}

/** By its own file, and by that of who decides, as far as that one has the set. */
export function mayOwn({ ownership }: Owning, set: SetName, coordinator: Owning): boolean {
  if (ownership.leavingUntil !== null || ownership.abandoning || ownership.drained) return false;
  const host = hostOf(ownership.self);
  if (ownership.pool.witnesses?.has(host)) return false;
  const own = ownership.pool.sets.find(({ name }) => name === set);
  const decided = coordinator.ownership.pool.sets.find(({ name }) => name === set);
  if (own === undefined || unableSets(ownership).has(set)) return false;
  return allows(own, host) && (decided === undefined || allows(decided, host));
}

function allows({ only }: PoolSet, host: HostName): boolean {
  return only === null || only.includes(host);
}
