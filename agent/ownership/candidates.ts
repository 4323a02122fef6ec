/** Who may own a set, as the coordinator sees the members. */
import { type HostName, hostOf, type InstantMs, type MemberId } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import { type Pool, type PoolSet, weightDefault } from './pool.ts';

export type Candidate = {
  readonly member: MemberId;
  readonly host: HostName;
  readonly weight: number;
  /** Sets that its configuration lets it have; null: the same as in the coordinator's. */
  readonly sets: ReadonlySet<SetName> | null;
  readonly unable: ReadonlyMap<SetName, string>;
  readonly leaving: boolean;
  readonly drained: boolean;
  readonly abandoning: boolean;
  /** Counts for the majority, owns nothing. */
  readonly witness: boolean;
  /** It flaps: it gets what no other may have, and nothing else. */
  readonly damped: boolean;
  /** Since when it has been a member, as far as the coordinator saw it. */
  readonly since: InstantMs;
  /** Since when it is able to hold sets that it could not hold before. */
  readonly recovered: ReadonlyMap<SetName, InstantMs>;
};

export function weightOf(pool: Pool, member: MemberId): number {
  return pool.weights.get(hostOf(member)) ?? weightDefault;
}

/** Since when it may own the set, where it may. */
export function ableSince(candidate: Candidate, set: PoolSet): InstantMs {
  return Math.max(candidate.since, candidate.recovered.get(set.name) ?? candidate.since) as InstantMs; // one of the two
}

/** null: may own it; else why not, to follow the host's name. */
export function hindrance(candidate: Candidate, set: PoolSet): string | null {
  if (candidate.witness) return 'is a witness';
  if (candidate.leaving) return 'is leaving';
  if (candidate.abandoning) return 'is abandoning its sets';
  if (candidate.drained) return 'is drained';
  if (set.only !== null && !set.only.includes(candidate.host)) return `is not one of ${set.only.join(', ')}`;
  if (candidate.sets !== null && !candidate.sets.has(set.name)) return 'does not have it in its configuration';
  const why = candidate.unable.get(set.name);
  return why === undefined ? null : `cannot hold it (${why})`;
}

/** Whether `hindrance` is null, without the words. */
export function mayOwn(candidate: Candidate, set: PoolSet): boolean {
  if (candidate.witness || candidate.leaving || candidate.abandoning || candidate.drained) return false;
  if (candidate.sets !== null && !candidate.sets.has(set.name)) return false;
  if (set.only !== null && !set.only.includes(candidate.host)) return false;
  return candidate.unable.size === 0 || !candidate.unable.has(set.name);
}
