/** What this member says of itself, and what it makes of the others' words. */
import { type HostName, hostOf, type InstantMs, type MemberId } from '../membership/view.ts';
import type { Candidate } from './candidates.ts';
import { weightOf } from './candidates.ts';
import { dampedUntil, reportedFlaps } from './damping.ts';
import { compareGrants, type SetName } from './grant.ts';
import type { Assignment, GrantedSet, HeldSet, Report, Waiting } from './message.ts';
import { ownVoters } from './quorum.ts';
import { keepsWhatItHas, leftSets } from './spared.ts';
import { changedState, granted, type Holding, type OwnershipState } from './state.ts';

export function ownReport(state: OwnershipState, now: InstantMs): Report {
  return {
    kind: 'report',
    host: hostOf(state.self),
    pool: state.pool.version,
    side: state.side,
    holds: [...state.holdings]
      .filter(([, { phase }]) => phase !== 'releasing')
      .map(([set, holding]) => heldSet(state, granted(set, holding), now)),
    claiming: setsIn(state, 'claiming'),
    releasing: setsIn(state, 'releasing'),
    sets: [...state.reports.values()].some(({ pool }) => pool !== state.pool.version) ? setsInPool(state) : null,
    unable: [...unableSets(state)].map(([set, why]) => ({ set, why })),
    mature: state.mature,
    leaving: state.leavingUntil !== null,
    drained: state.drained,
    abandoning: state.abandoning,
    freeze: state.freeze,
    voters: ownVoters(state),
    flaps: reportedFlaps(state, now),
    waiting: waitingSets(state),
    left: leftSets(state),
  };
}

function setsIn({ holdings }: OwnershipState, phase: Holding['phase']): readonly SetName[] {
  return [...holdings].filter(([, holding]) => holding.phase === phase).map(([set]) => set);
}

/** Those that its own file lets it have: a coordinator with another file may know nothing of them. */
function setsInPool(state: OwnershipState): readonly SetName[] {
  if (isWitness(state, state.self)) return [];
  const host = hostOf(state.self);
  return state.pool.sets.filter(({ only }) => only === null || only.includes(host)).map(({ name }) => name);
}

function isWitness({ pool }: OwnershipState, member: MemberId): boolean {
  return pool.witnesses?.has(hostOf(member)) ?? false;
}

function heldSet({ assignments, self }: OwnershipState, { set, grant }: GrantedSet, now: InstantMs): HeldSet {
  const assignment = assignments.get(set);
  if (assignment === undefined || assignment.owner !== self) return { set, grant, pinned: false };
  const { pinned, reason, since } = assignment;
  return { set, grant, pinned, tenure: { reason, ageMs: Math.max(0, Math.round(now - since)) } };
}

/** Sets that are to go to no other host than the one they had, as far as this member knows. */
export function waitingSets(state: OwnershipState): readonly Waiting[] {
  const waiting: Waiting[] = [];
  for (const [set, { owner, reason }] of state.assignments) {
    if (owner === null && reason.kind === 'abandoned') waiting.push({ set, host: reason.host, why: 'abandoned' });
    if (!state.freeze.frozen) continue;
    if (owner === null && reason.kind === 'frozen' && reason.host !== null) {
      waiting.push({ set, host: reason.host, why: 'frozen' });
    } else if (owner !== null && state.view !== null && !state.view.members.includes(owner)) {
      waiting.push({ set, host: hostOf(owner), why: 'frozen' });
    }
  }
  return waiting;
}

/** What this host cannot hold now: the facts, the claims that failed a short while ago, all that others may have while they go before it. */
export function unableSets(state: OwnershipState): ReadonlyMap<SetName, string> {
  if (state.failed.size === 0 && state.apart.length === 0) return state.unable;
  const all = new Map(state.unable);
  for (const [set, { why }] of state.failed) if (!all.has(set)) all.set(set, why);
  const [first] = state.apart;
  if (first !== undefined) {
    const why = `stands back for ${hostOf(first)}, which is in a view without it`;
    const kept = keptSets(state);
    for (const { name, only } of state.pool.sets) {
      if (!all.has(name) && !kept.has(name) && !isAlone(only, hostOf(state.self))) all.set(name, why);
    }
  }
  return all;
}

function keptSets(state: OwnershipState): ReadonlySet<SetName> {
  if (!state.spared) return new Set();
  const kept = [...state.holdings].filter(([, it]) => it.phase !== 'releasing' && keepsWhatItHas(state, it));
  return new Set(kept.map(([set]) => set));
}

/** No other host may ever have the set. */
export function isForThisHostAlone({ pool, self }: OwnershipState, set: SetName): boolean {
  const only = pool.sets.find(({ name }) => name === set)?.only ?? null;
  return isAlone(only, hostOf(self));
}

function isAlone(only: readonly HostName[] | null, host: HostName): boolean {
  return only !== null && only.length === 1 && only[0] === host;
}

/** What the newest decisions said, of this member's knowledge first; of what it knows nothing about, as the holders tell it. */
export function knownAssignments(state: OwnershipState): ReadonlyMap<SetName, Assignment> {
  const known = new Map<SetName, Assignment>(state.assignments);
  for (const [owner, { holds }] of state.reports) {
    for (const { set, grant, pinned, tenure } of holds) {
      if (tenure === undefined || state.assignments.has(set)) continue;
      const other = known.get(set);
      if (other !== undefined && compareGrants(other.grant, grant) > 0) continue;
      known.set(set, { set, owner, grant, releasing: [], pinned, handover: 'make-before-break', ...tenure });
    }
  }
  return known;
}

/** Whether the member's sets are known: it has the same pool, or has listed them. Until then it is left as it is. */
export function isPoolKnown(state: OwnershipState, { pool, sets }: Report): boolean {
  return sets !== null || pool === state.pool.version;
}

export function candidateOf(state: OwnershipState, member: MemberId, report: Report, now: InstantMs): Candidate {
  return {
    member,
    host: hostOf(member),
    weight: weightOf(state.pool, member),
    sets: report.sets === null ? null : new Set(report.sets),
    unable: new Map(report.unable.map(({ set, why }) => [set, why])),
    leaving: report.leaving,
    drained: report.drained,
    abandoning: report.abandoning,
    witness: isWitness(state, member),
    damped: dampedUntil(state, hostOf(member), now) !== null,
    since: state.joined.get(member) ?? state.viewSince,
    recovered: state.recovered.get(member) ?? new Map(),
  };
}

/** Takes in a member's report; notes since when it can hold what it could not hold before. */
export function withReport(state: OwnershipState, member: MemberId, report: Report, now: InstantMs): OwnershipState {
  const reports = new Map(state.reports).set(member, report);
  const known = state.reports.get(member);
  if (known === undefined || known.unable.length === 0) return changedState(state, { reports });
  const still = new Set(report.unable.map(({ set }) => set));
  const able = known.unable.filter(({ set }) => !still.has(set));
  if (able.length === 0) return changedState(state, { reports });
  const recovered = new Map(state.recovered.get(member));
  for (const { set } of able) recovered.set(set, now);
  return changedState(state, { reports, recovered: new Map(state.recovered).set(member, recovered) });
}

export function withClaimed(report: Report, claimed: readonly GrantedSet[]): Report {
  const holds = new Map(report.holds.map((hold) => [hold.set, hold]));
  const isClaimed = new Set(claimed.map(({ set }) => set));
  for (const hold of claimed) holds.set(hold.set, { ...hold, pinned: holds.get(hold.set)?.pinned ?? false });
  const stillClaiming = report.claiming.filter((set) => !isClaimed.has(set));
  return changedReport(report, { holds: [...holds.values()], claiming: stillClaiming });
}

export function withReleased(report: Report, released: readonly SetName[]): Report {
  const gone = new Set(released);
  return changedReport(report, {
    holds: report.holds.filter(({ set }) => !gone.has(set)),
    claiming: report.claiming.filter((set) => !gone.has(set)),
    releasing: report.releasing.filter((set) => !gone.has(set)),
  });
}

/** Written out: see `changedState`. */
export function changedReport(report: Report, change: Partial<Report>): Report {
  const copy: Report = {
    kind: report.kind,
    host: report.host,
    pool: report.pool,
    side: report.side,
    holds: report.holds,
    claiming: report.claiming,
    releasing: report.releasing,
    sets: report.sets,
    unable: report.unable,
    mature: report.mature,
    leaving: report.leaving,
    drained: report.drained,
    abandoning: report.abandoning,
    freeze: report.freeze,
    voters: report.voters,
    flaps: report.flaps,
    waiting: report.waiting,
    left: report.left,
  };
  return Object.assign(copy, change);
}
