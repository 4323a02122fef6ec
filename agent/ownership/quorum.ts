/**
 * `partition = "majority"`: of the sides of a cut at most one serves. A view counts when it has more than half of the voters: the
 * hosts of the file together with those of the last view that had a majority, so that a group that was larger than the file
 * says cannot be cut into two that both count. Exactly half is not enough for either side.
 */
import { type HostName, hostOf, type InstantMs } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import { changedState, type OwnershipState, type PlacedAssignment } from './state.ts';

export type Quorum = {
  /** Voters in the view. */
  readonly present: number;
  readonly voters: number;
  /** More than half of them. */
  readonly needed: number;
};

/** From a view to empty kernels: a main loop was seen 108 ms late under load; a thousand addresses are removed in some 20 ms. */
const releaseBoundMs = 150;

/**
 * How much later than this side the other may have let go. Both detectors have the same patience, but the last frame that one
 * side heard may be an interval older than what the other did; one more where a frame was lost just before the cut.
 */
export function claimDelayMs(heartbeatMs: number): number {
  return 2 * heartbeatMs + releaseBoundMs;
}

/** From the end of `claimDelayMs` to an announcement that a guard has heard; a takeover was seen to take 60 ms under load. */
const takeoverBoundMs = 150;

/**
 * How long the guard of a dead agent keeps an address that it hears nobody take: cut off, it hears nobody at all, and nobody is left
 * to know of the minority. Long enough for the others to notice by silence alone and to claim, so that a death without a cut leaves no
 * gap. A cut at the very moment of the death leaves no overlap but this bound and a heartbeat; a death at the end of the patience after a
 * cut, before the agent knew of it, one that is longer by `detectMs`.
 */
export function fenceMs(heartbeatMs: number, detectMs: number): number {
  return detectMs + claimDelayMs(heartbeatMs) + takeoverBoundMs;
}

export function inMinority({ quorum }: OwnershipState): boolean {
  return quorum !== null && quorum.present < quorum.needed;
}

/** For people; null where this side may serve. */
export function minorityOf({ quorum }: OwnershipState): string | null {
  if (quorum === null || quorum.present >= quorum.needed) return null;
  const { present, voters, needed } = quorum;
  return `this side has ${present} of ${voters} hosts and needs ${needed}: a majority elsewhere may serve`;
}

/** Sorted; empty where each side serves. */
export function ownVoters({ pool, lastQuorate }: OwnershipState): readonly HostName[] {
  return pool.majority === undefined ? [] : [...new Set([...pool.majority.hosts, ...lastQuorate])].sort();
}

/** Counts anew: for a new view, and for a report, which may know of more voters. */
export function withQuorum(state: OwnershipState): OwnershipState {
  if (state.view === null || state.pool.majority === undefined) {
    return state.quorum === null ? state : changedState(state, { quorum: null });
  }
  const voters = new Set(ownVoters(state));
  for (const report of state.reports.values()) for (const host of report.voters) voters.add(host);
  const present = new Set(state.view.members.map(hostOf).filter((host) => voters.has(host))).size;
  return changedState(state, { quorum: { present, voters: voters.size, needed: Math.floor(voters.size / 2) + 1 } });
}

/** What is known after a decision: only one that was made with a majority counts. */
export function quorateHosts(state: OwnershipState): readonly HostName[] {
  return state.quorum === null || state.view === null || inMinority(state)
    ? state.lastQuorate
    : state.view.members.map(hostOf);
}

/** Until when a decision of this view gives nobody what the other side of a cut may have; null: it does not matter. */
export function fencedUntil({ pool, viewSince }: OwnershipState): InstantMs | null {
  return pool.majority === undefined ? null : ((viewSince + pool.majority.claimDelayMs) as InstantMs); // later on the same clock
}

/** Whoever was in a minority has let go of everything: an older decision says nothing about who has it. */
export function voidAfterMinority(state: OwnershipState): ReadonlyMap<SetName, PlacedAssignment> {
  if (!inMinority(state)) return state.assignments;
  return new Map(
    [...state.assignments].map(([set, known]): [SetName, PlacedAssignment] => {
      const { owner } = known;
      if (owner === null) return [set, known];
      return [set, { ...known, owner: null, pinned: false, reason: { kind: 'fenced', from: hostOf(owner) } }];
    }),
  );
}
