/**
 * Who is there. Heard on any path is alive; silent for longer than one's patience is not; and only who also hears us
 * counts, which is at once the proof that a heartbeat is fresh, since our incarnation is new in every run.
 */
import { forgetMs, forgetSuspectMs, peersMax } from './bounds.ts';
import { refuseDuplicate } from './duplicate.ts';
import { noteAnswer } from './evidence.ts';
import { answer, patienceMs } from './heartbeat.ts';
import { compareMaybeViewIds, sameList } from './identity.ts';
import { hurry } from './link-out.ts';
import type { MemberState } from './member-state.ts';
import type { Heartbeat } from './message.ts';
import { changedPeer, copyOfPeer, isHeard, isMutual, newPeer, type Peer, type Route, withRoute } from './peer.ts';
import { dropUseless } from './send.ts';
import { forgetStable } from './stability.ts';
import { overdueAt, suspectAt } from './suspects.ts';
import { findPeer, type Turn, updatePeer } from './turn.ts';
import { type InstantMs, later } from './view.ts';

export function hear(turn: Turn, heartbeat: Heartbeat, route: Route): void {
  const { state, now } = turn;
  if (heartbeat.member === state.options.self) return;
  const former = findPeer(state, heartbeat.member);
  if (former?.gone === true) return;
  const peer = former === undefined ? newPeer(heartbeat, route, now) : heardAgain(former, heartbeat, route, now);
  if (former === undefined) {
    if (!makeRoom(turn)) return;
    turn.state.peers = [...turn.state.peers, peer].sort((a, b) => (a.member < b.member ? -1 : 1));
  } else updatePeer(turn, peer);
  if (refuseDuplicate(turn, former, peer)) return;
  noteChanges(turn, former, peer);
  if (asksUs(turn.state, former, heartbeat) || isUninformed(turn.state, former, peer)) answer(turn, peer);
  noteAnswer(turn, heartbeat);
  if (former?.hears.has(state.incarnation) === true && !peer.hears.has(state.incarnation)) dropUseless(turn);
  if (compareMaybeViewIds(heartbeat.view, turn.state.view?.id ?? null) === 0) forgetStable(turn);
}

/** Patience runs out, shunning ends, what is long gone is forgotten. */
export function expire(turn: Turn): void {
  for (const peer of turn.state.peers) {
    if (isForgettable(turn.state, peer, turn.now)) {
      turn.state.peers = turn.state.peers.filter((other) => other.member !== peer.member);
      continue;
    }
    let next = peer;
    if (!peer.silent && !peer.gone && (turn.now >= silentAt(turn.state, peer) || isLostElsewhere(turn, peer)))
      next = changedPeer(next, { silent: true });
    if (peer.shunnedUntil !== null && turn.now >= peer.shunnedUntil) next = changedPeer(next, { shunnedUntil: null });
    if (next === peer) continue;
    updatePeer(turn, next);
    turn.reconsider = true;
    turn.urgent = true;
    if (next.silent && !peer.silent) dropUseless(turn);
  }
}

/**
 * This process stood still for `ms`: stopped, or starved of the CPU. What the others sent meanwhile is still in its
 * sockets, so their silence is its own fault: they get that time again.
 */
export function forgive(turn: Turn, ms: number): void {
  const { peers, agreement } = turn.state;
  turn.state.peers = peers.map((peer) =>
    peer.silent ? peer : changedPeer(peer, { heardAt: later(peer.heardAt, ms) }),
  );
  turn.state.agreement = agreement.kind === 'idle' ? agreement : { ...agreement, since: later(agreement.since, ms) };
  turn.urgent = true;
}

/** The next instant `expire` has something to do for this peer. */
export function deadlineOf(state: MemberState, peer: Peer): InstantMs {
  const silence =
    suspectAt(state, peer) ?? (peer.silent || peer.gone ? forgottenAt(state, peer) : silentAt(state, peer));
  return peer.shunnedUntil !== null && peer.shunnedUntil < silence ? peer.shunnedUntil : silence;
}

/**
 * Whether somebody is to be suspected then, or one that missed a heartbeat is to be taken for gone: what is asked from the one on is to be
 * answered before the other, after which addresses are missing.
 */
export function isCritical(state: MemberState, at: InstantMs): boolean {
  return state.peers.some((peer) => {
    if (peer.silent || peer.gone) return false;
    return at === (suspectAt(state, peer) ?? (state.suspects.includes(peer.member) ? silentAt(state, peer) : null));
  });
}

function heardAgain(former: Peer, heartbeat: Heartbeat, route: Route, now: InstantMs): Peer {
  const report = heartbeat.number < former.report.number ? former.report : heartbeat;
  const hears = sameList(former.report.hears, report.hears) ? former.hears : new Set(report.hears);
  const routes = withRoute(former.routes, route, now);
  const peer = copyOfPeer(former);
  peer.report = report;
  peer.hears = hears;
  peer.heardAt = now;
  peer.routes = routes;
  if (!former.silent) return peer;
  peer.silent = false;
  peer.out = hurry(former.out, now);
  return peer;
}

function noteChanges(turn: Turn, former: Peer | undefined, peer: Peer): void {
  const self = turn.state.incarnation;
  if (former === undefined || former.silent || former.report.leaving !== peer.report.leaving) {
    turn.reconsider = true;
    turn.urgent = true;
    return;
  }
  const before = former.report;
  const { view, promised, viewMembers } = peer.report;
  turn.reconsider ||=
    turn.now >= overdueAt(former) || // it was about to count no more
    former.hears !== peer.hears ||
    before.spares.includes(self) !== peer.report.spares.includes(self) ||
    isMutual(former, self) !== isMutual(peer, self) ||
    compareMaybeViewIds(before.view, view) !== 0 ||
    compareMaybeViewIds(before.promised, promised) !== 0 ||
    before.viewMembers.length !== viewMembers.length;
}

/** Members of a view ask each other; an older heartbeat of theirs asks nothing any more. */
function asksUs({ view }: MemberState, former: Peer | undefined, { asks, member, number }: Heartbeat): boolean {
  return asks && view?.members.includes(member) === true && (former === undefined || number > former.report.number);
}

/** It does not know yet that we hear it, or takes itself for a member of a view that we have left behind. */
function isUninformed(state: MemberState, former: Peer | undefined, peer: Peer): boolean {
  if (former === undefined || former.silent || !peer.hears.has(state.incarnation)) return true;
  if (state.view === null || state.view.members.includes(peer.member)) return false;
  return (
    peer.report.viewMembers.includes(state.incarnation) && compareMaybeViewIds(peer.report.view, state.view.id) < 0
  );
}

function silentAt(state: MemberState, peer: Peer): InstantMs {
  return later(peer.heardAt, patienceMs(state, peer));
}

/**
 * Another member of the view lost patience with one that missed a heartbeat here as well. The end of the own patience is a moment away, and until
 * then the view without that other would be as good as the one without the suspect.
 */
function isLostElsewhere({ state, now }: Turn, peer: Peer): boolean {
  const { member, incarnation } = peer;
  if (!state.suspects.includes(member) || now < overdueAt(peer)) return false;
  const members = state.view?.members ?? [];
  return state.peers.some(
    (other) =>
      other.member !== member &&
      members.includes(other.member) &&
      isHeard(other) &&
      other.report.viewMembers.includes(incarnation) &&
      !other.hears.has(incarnation),
  );
}

function isForgettable(state: MemberState, peer: Peer, now: InstantMs): boolean {
  if (!peer.silent && !peer.gone) return false;
  return now >= forgottenAt(state, peer) && !(state.view?.members.includes(peer.member) ?? false);
}

/** A suspect is remembered for longer: it may still hold what others must not take. */
function forgottenAt(state: MemberState, peer: Peer): InstantMs {
  return later(peer.heardAt, state.suspects.includes(peer.member) ? forgetSuspectMs : forgetMs);
}

/** At the bound the longest silent one outside the view makes room; without one the newcomer is not noted. */
function makeRoom(turn: Turn): boolean {
  const { peers, view } = turn.state;
  if (peers.length < peersMax) return true;
  const silent = peers.filter((peer) => (peer.silent || peer.gone) && !(view?.members.includes(peer.member) ?? false));
  const [first, ...rest] = silent;
  if (first === undefined) return false;
  const oldest = rest.reduce((a, b) => (b.heardAt < a.heardAt ? b : a), first);
  turn.state.peers = peers.filter((peer) => peer !== oldest);
  return true;
}
