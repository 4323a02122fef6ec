/** Ownership, one event at a time: `step(state, event)` gives the next state and what is to be done. */
import { strict as assert } from 'node:assert';
import type { InstantMs, MemberId, View } from '../membership/view.ts';
import type { Command } from './command.ts';
import { coordinate, coordinatorDeadline, coordinatorOf, isMature, nextRound } from './coordinator.ts';
import { withDepartures, withReportedFlaps } from './damping.ts';
import { newerFreeze } from './freeze.ts';
import type { Grant, SetName } from './grant.ts';
import { acknowledgeReleases, letGoOf, onClaimed, onOthersClaim, onRelease, onReleased, reconcile } from './holder.ts';
import { isBarred, type WitnessWord } from './isolation.ts';
import type { Decision, Message, Report } from './message.ts';
import { isNews } from './news.ts';
import { answerCommands, askAgain, memoryOf, onAnswers, onCommand, onRequest } from './operator.ts';
import { namesOf, type Pool } from './pool.ts';
import { inMinority, quorateHosts, voidAfterMinority, withQuorum } from './quorum.ts';
import { announceAfter, releasesToRepeat } from './releases.ts';
import { changedReport, ownReport, unableSets, withClaimed, withReleased, withReport } from './report.ts';
import { noteTogether } from './spared.ts';
import { endStallByTime, endStallByView, onStalled } from './stall.ts';
import {
  changedState,
  claimRetryMs,
  claimRetryMsMax,
  leavePatienceMs,
  type OwnershipEffect,
  type OwnershipEvent,
  type OwnershipState,
  placed,
  type SetMove,
  type Step,
} from './state.ts';

export function step(before: OwnershipState, event: OwnershipEvent): Step {
  const begun = begin(before, event);
  const { state, effects } = conclude(before, begun.state, event);
  return { state, effects: effects.length === 0 ? begun.effects : [...begun.effects, ...effects] };
}

/** When to send a `wakeup`, where nothing else happens before; null: never. */
export function nextWakeup(state: OwnershipState): InstantMs | null {
  let next = state.mature ? null : state.matureAt;
  for (const { until } of state.failed.values()) next = earlier(next, until);
  if (state.leavingUntil !== null && !state.left && hasToLetGo(state)) next = earlier(next, state.leavingUntil);
  next = earlier(next, state.adoptedUntil);
  next = earlier(next, state.stalledUntil);
  next = earlier(next, state.reconsiderAt);
  for (const { until } of state.pending) next = earlier(next, until);
  return state.proposed === state.decided ? earlier(next, coordinatorDeadline(state)) : next;
}

/** null: never. */
function earlier(a: InstantMs | null, b: InstantMs | null): InstantMs | null {
  return a === null || (b !== null && b < a) ? b : a;
}

/** Of one that leaves: what is on its way into the kernel or out of it says so by itself. */
function hasToLetGo({ holdings }: OwnershipState): boolean {
  return holdings.size === 0 || [...holdings.values()].some(({ phase }) => phase === 'held' || phase === 'giving');
}

/** The first half of a step: what the event itself asks for. */
export function begin(state: OwnershipState, event: OwnershipEvent): Step {
  switch (event.kind) {
    case 'view':
      return onView(state, event.view, event.now);
    case 'message':
      return onMessage(state, event.sender, event.message, event.now);
    case 'lost':
      return onLost(state, event.now);
    case 'stalled':
      return onStalled(state, event.now);
    case 'answering':
      return { state: changedState(state, { answering: event.members }), effects: [] };
    case 'restarting':
      return { state: changedState(state, { restarting: new Set([...state.restarting, event.member]) }), effects: [] };
    case 'apart':
      return reported(changedState(state, { apart: event.members, spared: event.spared === true }), event.now);
    case 'witness':
      return onWitness(state, event.word, event.now);
    case 'unable':
      return reported(changedState(state, { unable: event.sets }), event.now);
    case 'claimed':
      return onClaimed(state, event.sets);
    case 'claim-failed':
      return onClaimFailed(state, event.set, event.why, event.now);
    case 'released':
      return onReleased(state, event.sets);
    case 'pool':
      return onPool(state, event.pool, event.now);
    case 'command':
      return event.command.kind === 'abandon'
        ? onAbandon(state, event.id, event.command, event.now)
        : onCommand(state, event.id, event.command, event.now);
    case 'leave':
      return onLeave(state, event.now);
    case 'wakeup':
      return { state, effects: [] };
  }
}

/**
 * The second half, before any other event: what follows for the group. Apart from the first, because with thousands of sets it takes some
 * ten milliseconds, and what is to be claimed need not wait for it.
 *
 * @param begun what the first half led to
 */
export function conclude(before: OwnershipState, begun: OwnershipState, event: OwnershipEvent): Step {
  const { now } = event;
  let state = begun;
  let effects: readonly OwnershipEffect[] = [];
  const consider = (known: OwnershipState): Step =>
    isNews(before, known, event) ? coordinate(known, now) : { state: known, effects: [] };
  for (const follow of [expire, consider, answer, leave]) {
    const next = follow(state, now);
    state = next.state;
    if (next.effects.length > 0) effects = [...effects, ...next.effects];
  }
  assertInvariants(state);
  return { state, effects };
}

function onView(state: OwnershipState, view: View, now: InstantMs): Step {
  const together = new Set(state.view === null ? [state.self] : view.together);
  const decidedIn = state.view !== null && state.decided > 0 ? state.view.id : null;
  const reports = new Map<MemberId, Report>();
  for (const [member, report] of state.reports) {
    // Who comes from there together heard the same decisions.
    if (together.has(member))
      reports.set(member, decidedIn === null ? report : changedReport(report, { side: decidedIn }));
  }
  const installed = withQuorum(
    changedState(state, {
      view,
      adoptedUntil: null,
      assignments: voidAfterMinority(state),
      viewSince: now,
      poolSince: null,
      previousView: state.view,
      wereWith: noteTogether(state, view),
      side: decidedIn ?? state.side,
      reportedAnew: new Set([state.self]),
      joined: new Map(
        view.members.map((member) => [member, together.has(member) ? (state.joined.get(member) ?? now) : now]),
      ),
      recovered: new Map([...state.recovered].filter(([member]) => together.has(member))),
      ...withDepartures(state, view, now),
      releasesHeard: heardOf(together, state.releasesHeard),
      balanceAt: nextRound(state, now),
      reconsiderAt: null,
      stalledUntil: null,
      apart: view.apart ?? [],
      spared: view.spared === true,
      reports,
      decided: 0,
      proposed: 0,
      claimsHeard: new Map(),
      asked: [],
    }),
  );
  const stall = endStallByView(state, installed);
  const barred = isBarred(installed) ? reconcile(stall.state) : { state: stall.state, effects: [] };
  const next = barred.state;
  const letGo = [...stall.effects, ...barred.effects];
  const report = ownReport(next, now);
  const repeated = releasesToRepeat(state, view);
  const again: readonly OwnershipEffect[] =
    repeated.length === 0 ? [] : [{ kind: 'send', message: { kind: 'released', sets: repeated } }];
  return {
    state: changedState(next, { reports: new Map(reports).set(state.self, report) }),
    effects: [
      ...letGo,
      { kind: 'send', message: report },
      ...again,
      ...askAgain(next),
      ...announceAfter(state, next, view),
    ],
  };
}

/** What was heard of members that are still there. */
function heardOf(
  members: ReadonlySet<MemberId>,
  heard: OwnershipState['releasesHeard'],
): OwnershipState['releasesHeard'] {
  const kept = new Map<SetName, ReadonlyMap<MemberId, Grant>>();
  for (const [set, releases] of heard) {
    const still = new Map([...releases].filter(([member]) => members.has(member)));
    if (still.size > 0) kept.set(set, still);
  }
  return kept;
}

/** The engine is gone: what another could hold goes. */
function onLost(state: OwnershipState, now: InstantMs): Step {
  const held = [...state.holdings].filter(([, { phase }]) => phase === 'held' || phase === 'giving');
  const holdings = new Map(state.holdings);
  for (const [set, holding] of held) holdings.set(set, { grant: holding.grant, phase: 'releasing' });
  const next = changedState(state, {
    view: null,
    quorum: null,
    viewSince: now,
    side: null,
    joined: new Map(),
    recovered: new Map(),
    reconsiderAt: null,
    reports: new Map(),
    assignments: new Map(),
    claimsHeard: new Map(),
    releasesHeard: new Map(),
    holdings,
  });
  return {
    state: next,
    effects: held.length === 0 ? [] : [{ kind: 'release', sets: held.map(([set]) => set) }],
  };
}

function onMessage(state: OwnershipState, sender: MemberId, message: Message, now: InstantMs): Step {
  if (state.view === null || !state.view.members.includes(sender)) return { state, effects: [] };
  switch (message.kind) {
    case 'report':
      return onReport(state, sender, message, now);
    case 'decision':
      return sender === coordinatorOf(state.view) ? onDecision(state, message, now) : { state, effects: [] };
    case 'claimed': {
      const next = updateReport(state, sender, now, (report) => withClaimed(report, message.sets));
      return sender === state.self ? { state: next, effects: [] } : onOthersClaim(next, sender, message.sets);
    }
    case 'released': {
      const next = updateReport(state, sender, now, (report) =>
        withReleased(
          report,
          message.sets.map(({ set }) => set),
        ),
      );
      return onRelease(next, sender, message.sets);
    }
    case 'request': {
      const { state: next, changed } = onRequest(state, { asker: sender, id: message.id, command: message.command });
      return changed ? remembering(state, reported(next, now)) : { state: next, effects: [] };
    }
  }
}

function onReport(state: OwnershipState, sender: MemberId, report: Report, now: InstantMs): Step {
  const freeze = newerFreeze(state.freeze, report.freeze);
  const reportedAnew = state.reportedAnew.has(sender) ? state.reportedAnew : new Set(state.reportedAnew).add(sender);
  const known = withReport(state, sender, report, now);
  const flaps = withReportedFlaps(state, report.flaps, now);
  const next = withQuorum(changedState(known, { freeze, reportedAnew, flaps }));
  if (inMinority(next) && !inMinority(state)) return remembering(state, reported(next, now));
  const otherPool = report.pool !== state.pool.version && state.reports.get(state.self)?.sets === null;
  return remembering(state, otherPool ? reported(next, now) : { state: next, effects: [] });
}

function onDecision(state: OwnershipState, decision: Decision, now: InstantMs): Step {
  const moves: SetMove[] = [];
  const assignments = new Map(state.assignments);
  for (const assignment of decision.assignments) {
    const before = state.assignments.get(assignment.set);
    const from = before?.owner ?? null;
    if (before === undefined ? assignment.owner !== null : from !== assignment.owner) {
      moves.push({ set: assignment.set, from, to: assignment.owner, reason: assignment.reason });
    }
    const since = (now - assignment.ageMs) as InstantMs; // earlier on the same clock
    assignments.set(assignment.set, placed(assignment, since));
  }
  if (assignments.size > state.setNames.size) forgetRemoved(assignments, state, decision);
  const answered = onAnswers(state, decision, moves);
  const reconciled = reconcile(
    changedState(answered.state, {
      assignments,
      lastQuorate: quorateHosts(state),
      freeze: newerFreeze(state.freeze, decision.freeze),
      decided: decision.n,
      proposed: Math.max(state.proposed, decision.n),
      mature: state.mature || (state.view !== null && isMature(state, state.view)),
    }),
  );
  return remembering(state, {
    state: reconciled.state,
    effects: [
      ...moves.map((move): OwnershipEffect => ({ kind: 'moved', move })),
      ...answered.effects,
      ...reconciled.effects,
      ...acknowledgeReleases(reconciled.state, decision.assignments),
    ],
  });
}

/** Sets that are in no file any more, and with nobody. */
function forgetRemoved(
  assignments: Map<SetName, unknown>,
  { setNames, assignments: known }: OwnershipState,
  { assignments: told }: Decision,
): void {
  const named = new Set(told.map(({ set }) => set));
  for (const [set, { owner }] of known) {
    if (owner === null && !named.has(set) && !setNames.has(set)) assignments.delete(set);
  }
}

/** It matters to nobody else as long as this host is not alone. */
function onWitness(before: OwnershipState, witness: WitnessWord, now: InstantMs): Step {
  const state = changedState(before, { witness });
  return isBarred(state) === isBarred(before) ? { state, effects: [] } : reported(state, now);
}

function onClaimFailed(state: OwnershipState, set: SetName, why: string, now: InstantMs): Step {
  const times = (state.failures.get(set) ?? 0) + 1;
  const until = (now + Math.min(claimRetryMs * 2 ** (times - 1), claimRetryMsMax)) as InstantMs; // later on the same clock
  const failed = new Map(state.failed).set(set, { why, until });
  const known = changedState(state, { failed, failures: new Map(state.failures).set(set, times) });
  // Not here: whoever waits for this host to let go of it must hear that. One on its way out of the kernel says so itself.
  const gone =
    state.holdings.get(set)?.phase === 'releasing' ? { state: known, effects: [] } : onReleased(known, [set]);
  const next = reported(gone.state, now);
  return { state: next.state, effects: [...gone.effects, ...next.effects] };
}

function onAbandon(state: OwnershipState, id: number, command: Command, now: InstantMs): Step {
  const asked = onCommand(state, id, command, now);
  if (asked.state === state) return asked;
  const next = reported(changedState(asked.state, { abandoning: true }), now);
  return { state: next.state, effects: [...asked.effects, ...next.effects] };
}

/** An abandon that is refused is over: this host looks after its sets as before. */
function answer(state: OwnershipState, now: InstantMs): Step {
  const answered = answerCommands(state, now);
  const abandon = state.pending.find(({ command }) => command.kind === 'abandon');
  const refused = answered.effects.some((effect) => effect.kind === 'refused' && effect.id === abandon?.id);
  if (!refused) return answered;
  const next = reported(changedState(answered.state, { abandoning: false }), now);
  return { state: next.state, effects: [...answered.effects, ...next.effects] };
}

/** What is new is for the coordinator to give, what is gone is released at once, and what stays is not touched. */
function onPool(before: OwnershipState, pool: Pool, now: InstantMs): Step {
  const modes = [before.pool.balance, pool.balance];
  const sameRounds = modes.every(({ mode, everyMs }) => mode === pool.balance.mode && everyMs === pool.balance.everyMs);
  const state = withQuorum(changedState(before, { pool, setNames: namesOf(pool), poolSince: now }));
  const next = sameRounds ? state : changedState(state, { balanceAt: nextRound(state, now) });
  return next.view === null ? reconcile(next) : reported(next, now);
}

function onLeave(state: OwnershipState, now: InstantMs): Step {
  if (state.leavingUntil !== null) return { state, effects: [] };
  return reported(changedState(state, { leavingUntil: (now + leavePatienceMs) as InstantMs }), now); // later on the same clock
}

/** What time alone changes: maturity, claims that may be tried again, a stall that had no consequences, an adoption that no view came for. */
function expire(before: OwnershipState, now: InstantMs): Step {
  const fenced = before.adoptedUntil !== null && now >= before.adoptedUntil;
  const { state, effects } = fenced
    ? letGoOf(changedState(before, { adoptedUntil: null }), [...before.holdings.keys()])
    : { state: before, effects: [] };
  const failed =
    state.failed.size === 0 ? state.failed : new Map([...state.failed].filter(([, { until }]) => until > now));
  const mature = state.mature || now >= state.matureAt;
  const over = state.stalledUntil !== null && now >= state.stalledUntil;
  if (failed.size === state.failed.size && mature === state.mature && !over) return { state, effects };
  const stall = over ? endStallByTime(state) : { state, effects: [] };
  const next = reported(changedState(stall.state, { failed, mature }), now);
  return { state: next.state, effects: [...effects, ...stall.effects, ...next.effects] };
}

function leave(state: OwnershipState, now: InstantMs): Step {
  if (state.leavingUntil === null || state.left) return { state, effects: [] };
  if (state.holdings.size === 0 && (state.view === null || state.decided > 0 || now >= state.leavingUntil)) {
    return { state: changedState(state, { left: true }), effects: [{ kind: 'left' }] };
  }
  if (now < state.leavingUntil && !state.freeze.frozen) return { state, effects: [] }; // frozen: nobody will take them
  const rest = [...state.holdings].filter(([, { phase }]) => phase === 'held' || phase === 'giving');
  if (rest.length === 0) return { state, effects: [] };
  const holdings = new Map(state.holdings);
  for (const [set, holding] of rest) holdings.set(set, { grant: holding.grant, phase: 'releasing' });
  return { state: changedState(state, { holdings }), effects: [{ kind: 'release', sets: rest.map(([set]) => set) }] };
}

/** Has the shell write down what outlives a restart, where it changed. */
function remembering(before: OwnershipState, { state, effects }: Step): Step {
  const { frozen, changes } = before.freeze;
  const same = state.freeze.frozen === frozen && state.freeze.changes === changes && state.drained === before.drained;
  if (same) return { state, effects };
  return { state, effects: [...effects, { kind: 'remember', memory: memoryOf(state) }] };
}

/** Tells the group of this member's changed facts, and does what they allow now. */
function reported(state: OwnershipState, now: InstantMs): Step {
  if (state.view === null) return { state, effects: [] };
  const reconciled = reconcile(state);
  const report = ownReport(reconciled.state, now);
  return {
    state: withReport(reconciled.state, state.self, report, now),
    effects: [{ kind: 'send', message: report }, ...reconciled.effects],
  };
}

function updateReport(
  state: OwnershipState,
  member: MemberId,
  now: InstantMs,
  update: (report: Report) => Report,
): OwnershipState {
  const report = state.reports.get(member);
  return report === undefined ? state : withReport(state, member, update(report), now);
}

function assertInvariants(state: OwnershipState): void {
  assert(state.proposed >= state.decided, 'a decision was delivered that its coordinator did not send');
  if (state.view === null) return;
  assert(state.view.members.includes(state.self), 'this member is in its own view');
  for (const set of state.failed.keys()) {
    assert(state.holdings.get(set)?.phase !== 'claiming' || !unableSets(state).has(set), 'a failed claim is not tried');
  }
}
