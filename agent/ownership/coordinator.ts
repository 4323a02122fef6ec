/** The first member of the view decides, as soon as it knows what it needs, and again whenever that changes the answer. */
import { hostOf, type InstantMs, type MemberId, type View } from '../membership/view.ts';
import { assign } from './assignment.ts';
import type { Candidate } from './candidates.ts';
import { nextRelease } from './damping.ts';
import { nextFailback } from './failback.ts';
import { withForeignSets } from './foreign.ts';
import { compareGrants, type Grant, type SetName } from './grant.ts';
import { awaitsWitness, barOf } from './isolation.ts';
import type { Holder } from './keeper.ts';
import type { Assignment, Decision, Waiting } from './message.ts';
import { agendaOf } from './orders.ts';
import { fencedUntil } from './quorum.ts';
import { describeReason } from './reason.ts';
import { candidateOf, isPoolKnown, knownAssignments, waitingSets } from './report.ts';
import { reportedHolders, unsettled } from './settled.ts';
import { leftToUnknown } from './spared.ts';
import { changedState, type OwnershipState, reportPatienceMs, type Step } from './state.ts';

export function coordinatorOf(view: View): MemberId {
  const [first] = view.members;
  if (first === undefined) throw new Error('a view has at least its own member');
  return first;
}

/** Sends a decision where this member coordinates, knows enough, and has something new to say. */
export function coordinate(state: OwnershipState, now: InstantMs): Step {
  const { view } = state;
  if (view === null || coordinatorOf(view) !== state.self) return { state, effects: [] };
  // Its own words come back first.
  if (state.proposed !== state.decided || awaitsWitness(state) || !knowsEnough(state, view, now)) {
    return { state: state.reconsiderAt === null ? state : changedState(state, { reconsiderAt: null }), effects: [] };
  }

  const n = state.decided + 1;
  const known = [...state.reports].filter(([, report]) => isPoolKnown(state, report));
  const { pool, candidates } = withForeignSets(
    state,
    known.map(([member, report]) => candidateOf(state, member, report, now)),
  );
  const minority = barOf(state);
  const fenceEnds = minority === null ? fencedUntil(state) : null;
  const fenced = fenceEnds !== null && now < fenceEnds;
  const asked = fenced ? [] : state.asked; // a move must not go round the fence
  const { orders, freeze, answers } = agendaOf(
    pool === state.pool && asked === state.asked ? state : changedState(state, { pool, asked }),
    view,
    candidates,
    roundDue(state, now) ? { kind: 'round', movesMax: state.pool.balance.movesMax } : { kind: 'none' },
  );
  const assignments = assign({
    pool,
    view,
    candidates,
    holders: holdersOf(state, view),
    lettingGo: lettingGo(state, view),
    previous: knownAssignments(state),
    decidedInView: state.decided > 0,
    mature: isMature(state, view),
    orders,
    frozen: freeze.frozen,
    waiting: waitingOf(state, view, candidates),
    minority,
    fenced,
    now,
    grant: { view: view.id, n },
  }).map((assignment) => withAge(state, assignment, now));
  const owners = new Map(assignments.map(({ set, owner }) => [set, owner]));
  const balanceAt = orders.balance.kind !== 'none' ? nextRound(state, now) : state.balanceAt;
  const failbackAt = nextFailback(state.pool.sets, ({ name }) => owners.get(name) ?? null, candidates, now);
  const reconsiderAt = earliestAfter(now, balanceAt, failbackAt, fenceEnds, nextRelease(state, view, now));
  if (state.decided > 0 && asked.length === 0 && !differs(state, assignments)) {
    const same = state.balanceAt === balanceAt && state.reconsiderAt === reconsiderAt && state.poolSince === null;
    return { state: same ? state : changedState(state, { poolSince: null, balanceAt, reconsiderAt }), effects: [] };
  }

  const decision: Decision = { kind: 'decision', n, assignments, answers, freeze };
  return {
    state: changedState(state, { poolSince: null, proposed: n, balanceAt, reconsiderAt }),
    effects: [{ kind: 'send', message: decision }],
  };
}

/** When an automatic round of balance may begin, counted from now; null: never. */
export function nextRound({ pool }: OwnershipState, now: InstantMs): InstantMs | null {
  return pool.balance.mode === 'auto' ? ((now + pool.balance.everyMs) as InstantMs) : null; // later on the same clock
}

/** Only where nothing is on its way: a round ends before the next begins. */
function roundDue(state: OwnershipState, now: InstantMs): boolean {
  if (state.balanceAt === null || now < state.balanceAt || state.decided === 0 || state.freeze.frozen) return false;
  const holders = reportedHolders(state);
  return state.pool.sets.every(({ name }) => unsettled(state, name, holders) === null);
}

function earliestAfter(now: InstantMs, ...instants: readonly (InstantMs | null)[]): InstantMs | null {
  const later = instants.filter((instant) => instant !== null && instant > now);
  return later.length === 0 ? null : (Math.min(...later.map(Number)) as InstantMs); // the least of instants is one
}

/** When `coordinate` would know enough for want of time; null: it does not wait. */
export function coordinatorDeadline(state: OwnershipState): InstantMs | null {
  const { view } = state;
  if (view === null || coordinatorOf(view) !== state.self || awaitsWitness(state)) return null;
  const since = state.decided > 0 ? state.poolSince : Math.max(state.viewSince, state.poolSince ?? state.viewSince);
  return since === null ? null : ((since + reportPatienceMs) as InstantMs); // later on the same clock
}

export function isMature(state: OwnershipState, view: View): boolean {
  return view.members.length >= state.pool.hostsExpected || [...state.reports.values()].some(({ mature }) => mature);
}

/**
 * Members that come from the previous view together delivered the same messages, so that what they reported there still
 * counts where nobody else is there. Where some come from elsewhere, all are waited for: what a member let go of outside of
 * the view is not known, and another may have it. Under a majority one is waited for that was told to take what it had not
 * claimed: it may have waited for a host that is gone, and has to wait for the fence then. A coordinator without a past waits for all. One that has a new file
 * waits until the others have said what is in theirs: until then nobody else seems to have its sets.
 */
function knowsEnough(state: OwnershipState, view: View, now: InstantMs): boolean {
  const isPartOfPrevious = view.together.length === view.members.length;
  const onTheirWay = state.pool.majority === undefined || state.decided > 0 ? [] : membersOnTheirWay(state);
  const isKnown = (member: MemberId): boolean => {
    const counts = isPartOfPrevious && !onTheirWay.includes(member);
    const report = counts || state.reportedAnew.has(member) ? state.reports.get(member) : undefined;
    return report !== undefined && isPoolKnown(state, report);
  };
  if (view.members.every(isKnown)) return true;
  const deadline = coordinatorDeadline(state);
  return deadline === null || now >= deadline;
}

/** Told in an earlier view to own what they have not said that they have. */
function membersOnTheirWay({ assignments, reports }: OwnershipState): readonly MemberId[] {
  const held = new Map([...reports].map(([member, { holds }]) => [member, new Set(holds.map(({ set }) => set))]));
  const members = new Set<MemberId>();
  for (const [set, { owner }] of assignments) if (owner !== null && !held.get(owner)?.has(set)) members.add(owner);
  return [...members];
}

function holdersOf(state: OwnershipState, view: View): ReadonlyMap<SetName, readonly Holder[]> {
  const holders = new Map<SetName, Holder[]>();
  const add = (set: SetName, holder: Holder): void => {
    const known = holders.get(set);
    if (known === undefined) holders.set(set, [holder]);
    else known.push(holder);
  };
  const sides = sidesOf(state, view);
  for (const [member, report] of state.reports) {
    for (const { set, grant, pinned } of report.holds) {
      const told = state.assignments.get(set);
      const { side, sideSize } = sides(member);
      // What it was told last may be ahead of what it has reported.
      const ahead = told !== undefined && told.owner === member ? told : null;
      const newest = ahead === null ? grant : laterGrant(ahead.grant, grant);
      add(set, { member, grant: newest, pinned: ahead?.pinned ?? pinned, side, sideSize });
    }
  }
  for (const [set, { owner, grant, pinned }] of state.assignments) {
    if (owner === null || !view.members.includes(owner)) continue;
    if (holders.get(set)?.some(({ member }) => member === owner)) continue;
    if (state.decided === 0 && hasLetGo(state, set, owner, grant)) continue;
    const { side, sideSize } = sides(owner);
    add(set, { member: owner, grant, pinned, side, sideSize });
  }
  return holders;
}

/** Told in an earlier view, an owner that says nothing of the set is not on its way to it: its word is newer than that. */
function hasLetGo(
  { reportedAnew, releasesHeard }: OwnershipState,
  set: SetName,
  owner: MemberId,
  told: Grant,
): boolean {
  if (reportedAnew.has(owner)) return true;
  const released = releasesHeard.get(set)?.get(owner);
  return released !== undefined && compareGrants(released, told) >= 0;
}

/** Members that say so, and those that an earlier decision told to and that have not answered it. */
function lettingGo(state: OwnershipState, view: View): ReadonlyMap<SetName, readonly MemberId[]> {
  const members = new Map<SetName, MemberId[]>();
  const add = (set: SetName, member: MemberId): void => {
    members.set(set, [...(members.get(set) ?? []), member]);
  };
  for (const [member, { releasing }] of state.reports) for (const set of releasing) add(set, member);
  for (const [set, { releasing, grant }] of state.assignments) {
    for (const member of releasing) {
      const released = state.releasesHeard.get(set)?.get(member);
      const answered = released !== undefined && compareGrants(released, grant) >= 0;
      if (view.members.includes(member) && !answered) add(set, member);
    }
  }
  return members;
}

/** What all members know of sets that wait for a host; one that is back, and has not abandoned them anew, gets no wait. */
function waitingOf(state: OwnershipState, view: View, candidates: readonly Candidate[]): ReadonlyMap<SetName, Waiting> {
  const waiting = new Map<SetName, Waiting>(answeredSets(state, view));
  const reported = [...state.reports.values()].flatMap((report) => report.waiting);
  for (const entry of [...reported, ...waitingSets(state)]) {
    const back = candidates.some(({ host, abandoning }) => host === entry.host && !abandoning);
    if (entry.why === 'frozen' || !back) waiting.set(entry.set, entry);
  }
  for (const { member, host, abandoning } of candidates) {
    if (!abandoning) continue;
    for (const { set } of state.reports.get(member)?.holds ?? []) waiting.set(set, { set, host, why: 'abandoned' });
  }
  return waiting;
}

function laterGrant(a: Grant, b: Grant): Grant {
  return compareGrants(a, b) < 0 ? b : a;
}

/** What was last with a member that is silent, and whose host still answers; until the host of one that is unknown here was asked, what others say of it. */
function answeredSets(state: OwnershipState, view: View): readonly [SetName, Waiting][] {
  const { assignments, answering, decided } = state;
  const sets: [SetName, Waiting][] = [];
  const add = (set: SetName, member: MemberId): void => {
    sets.push([set, { set, host: hostOf(member), why: 'answering', member }]);
  };
  const others =
    decided > 0 ? [] : leftToUnknown(state).filter(({ set }) => assignments.get(set)?.reason.kind !== 'answering');
  for (const { set, member } of others) add(set, member);
  const silent = new Map(
    [...answering].filter((member) => !view.members.includes(member)).map((it) => [hostOf(it), it]),
  );
  for (const [set, { owner, reason }] of assignments) {
    const host = owner === null ? (reason.kind === 'answering' ? reason.host : null) : hostOf(owner);
    const gone = owner === null || !view.members.includes(owner);
    const member = host === null ? undefined : silent.get(host);
    if (member !== undefined && gone) add(set, member);
  }
  return sets;
}

/** Who decided with whom last; one that tells of no decision is a side of its own. */
function sidesOf(
  { reports }: OwnershipState,
  { members }: View,
): (member: MemberId) => { readonly side: string; readonly sideSize: number } {
  const sides = new Map(
    members.map((member) => {
      const side = reports.get(member)?.side ?? null;
      return [member, side === null ? member : `${side.counter}.${side.leader}`];
    }),
  );
  const sizes = new Map<string, number>();
  for (const side of sides.values()) sizes.set(side, (sizes.get(side) ?? 0) + 1);
  return (member) => {
    const side = sides.get(member) ?? member;
    return { side, sideSize: sizes.get(side) ?? 1 };
  };
}

function withAge(state: OwnershipState, assignment: Assignment, now: InstantMs): Assignment {
  const known = state.assignments.get(assignment.set);
  return known === undefined || known.owner !== assignment.owner
    ? assignment
    : aged(assignment, Math.max(0, Math.round(now - known.since)));
}

/** Written out: see `changedState`. */
function aged({ set, owner, grant, releasing, reason, pinned, handover }: Assignment, ageMs: number): Assignment {
  return { set, owner, grant, releasing, reason, pinned, handover, ageMs };
}

/** Whether the group must hear of it: another owner, grant or pin, or another reason why nobody has it. */
function differs(state: OwnershipState, assignments: readonly Assignment[]): boolean {
  return assignments.some((assignment) => {
    const known = state.assignments.get(assignment.set);
    if (known === undefined || known.owner !== assignment.owner) return true;
    if (compareGrants(known.grant, assignment.grant) !== 0) return true;
    if (
      known.pinned !== assignment.pinned ||
      (known.reason.kind === 'stays') !== (assignment.reason.kind === 'stays')
    ) {
      return true;
    }
    return assignment.owner === null && describeReason(known.reason) !== describeReason(assignment.reason);
  });
}
