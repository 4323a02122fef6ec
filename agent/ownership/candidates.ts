/** Who may own a set, and who of them should: priority, then load by weight, then the order of the view. */
import { hostOf, type MemberId } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import { type Pool, type PoolSet, priorityOf, weightDefault } from './pool.ts';
import type { Choice } from './reason.ts';

/** One member as the coordinator sees it. */
export type Candidate = {
  readonly member: MemberId;
  readonly weight: number;
  /** Sets in its configuration. */
  readonly sets: ReadonlySet<SetName>;
  readonly unable: ReadonlyMap<SetName, string>;
  readonly leaving: boolean;
};

/** Sets owned by each member while an assignment is being made. */
export type Loads = Map<MemberId, number>;

export function weightOf(pool: Pool, member: MemberId): number {
  return pool.weights.get(hostOf(member)) ?? weightDefault;
}

/** null: may own it; else why not, to follow the host's name. */
export function hindrance(candidate: Candidate, set: SetName): string | null {
  if (candidate.leaving) return 'is leaving';
  if (!candidate.sets.has(set)) return 'does not have it in its configuration';
  const why = candidate.unable.get(set);
  return why === undefined ? null : `cannot hold it (${why})`;
}

/** The best of `eligible` for one more set, and what told it from the second; null where there is none. */
export function choose(
  set: PoolSet,
  eligible: readonly Candidate[],
  loads: Loads,
): { readonly member: MemberId; readonly choice: Choice } | null {
  let best: Candidate | undefined;
  let second: Candidate | undefined;
  for (const candidate of eligible) {
    if (best === undefined || rank(set, candidate, best, loads) < 0) {
      second = best;
      best = candidate;
    } else if (second === undefined || rank(set, candidate, second, loads) < 0) {
      second = candidate;
    }
  }
  if (best === undefined) return null;
  return {
    member: best.member,
    choice: second === undefined ? 'only candidate' : difference(set, best, second, loads),
  };
}

/** Negative where `a` should rather have one more set. */
function rank(set: PoolSet, a: Candidate, b: Candidate, loads: Loads): number {
  return comparePriority(set, a, b) || compareLoad(a, b, loads) || (a.member < b.member ? -1 : 1);
}

function difference(set: PoolSet, best: Candidate, second: Candidate, loads: Loads): Choice {
  if (comparePriority(set, best, second) !== 0) return 'preferred';
  return compareLoad(best, second, loads) !== 0 ? 'least loaded' : 'first by name';
}

function comparePriority(set: PoolSet, a: Candidate, b: Candidate): number {
  return priorityOf(set, hostOf(a.member)) - priorityOf(set, hostOf(b.member));
}

/** By what the load would be with one more, in whole numbers: (load + 1) / weight, cross-multiplied. */
function compareLoad(a: Candidate, b: Candidate, loads: Loads): number {
  return (loadOf(loads, a.member) + 1) * b.weight - (loadOf(loads, b.member) + 1) * a.weight;
}

export function loadOf(loads: Loads, member: MemberId): number {
  return loads.get(member) ?? 0;
}

export function addLoad(loads: Loads, member: MemberId, sets: 1 | -1): void {
  loads.set(member, loadOf(loads, member) + sets);
}
