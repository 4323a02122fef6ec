/** What to do about the view now: nothing, lead an agreement, or wait for the one who should. */
import { nextSuperiorAt, noteSuperiors } from './apart.ts';
import { promiseOwn } from './ballot.ts';
import { type Candidates, candidates } from './clique.ts';
import { compareMaybeViewIds, sameList } from './identity.ts';
import { propose } from './leading.ts';
import { attemptMs, isBlocked, joinWaitMs, type MemberState } from './member-state.ts';
import { isHeard, isMutual } from './peer.ts';
import { shun } from './shun.ts';
import { isSpared, noteUndecided } from './spare.ts';
import { noteLeftOut } from './suspects.ts';
import { findPeer, type Turn } from './turn.ts';
import { hostOf, type InstantMs, later, type MemberId } from './view.ts';

/** Called at the end of every step in which something changed or a deadline of `reconsiderAt` passed. */
export function reconsider(turn: Turn): void {
  turn.reconsider = false;
  turn.state.reconsiderAt = null;
  if (turn.state.leaveUntil !== null || turn.state.suspended) return;
  const found = candidates(turn);
  noteSuperiors(turn, found.own);
  noteLeftOut(turn, found.own);
  noteUndecided(turn, found.own);
  lookAgainAt(turn, nextSuperiorAt(turn.state, turn.now));
  const defect = defectOf(turn.state, found);
  if (defect === 'put-out') tellOut(turn, found.own.length === 1);
  if (defect === null && sameList(found.all, found.own)) {
    turn.state.brokenSince = null;
    return;
  }
  const brokenSince = defect === null ? null : (turn.state.brokenSince ?? turn.now);
  turn.state.brokenSince = brokenSince;
  if (goesOn(turn, found)) return;
  const wait = waitBeforeLeading(turn, found, defect);
  if (wait.kind === 'wait') {
    lookAgainAt(turn, wait.until);
    return;
  }
  propose(turn, wait.members);
  // Whose answer is lost on the way may have nothing else to say: no news of it will come.
  const { agreement, options } = turn.state;
  if (agreement.kind === 'leading') lookAgainAt(turn, later(agreement.since, attemptMs(options)));
}

/** Why the installed view does not stand. */
type Defect =
  | 'none-yet'
  /** Its members do not all hear each other any more. */
  | 'torn'
  /** Members moved on to a view without this one: it is for them to take it back in. */
  | 'put-out'
  /** This member promised another. */
  | 'blocked'
  /** A member promised another and may never have installed this one. */
  | 'deserted';

function defectOf(state: MemberState, { own }: Candidates): Defect | null {
  if (state.view === null) return 'none-yet';
  const { id, members } = state.view;
  if (!sameList(own, members)) return goneOn(state, members, own.length === 1).length > 0 ? 'put-out' : 'torn';
  if (isBlocked(state)) return 'blocked';
  const deserted = members.some(
    (member) => compareMaybeViewIds(findPeer(state, member)?.report.promised ?? null, id) > 0,
  );
  return deserted ? 'deserted' : null;
}

/**
 * A machine that was paused finds no gap in its time. That the others moved on is all it hears of it, with the first heartbeat of
 * theirs or the answer to its own: what it holds may be another's by now, as after a stall; unless they say that it is not.
 */
function tellOut(turn: Turn, alone: boolean): void {
  const { toldOutAt, options, view } = turn.state;
  if (isSpared(turn.state, goneOn(turn.state, view?.members ?? [], alone), turn.now)) return;
  if (toldOutAt !== null && turn.now < later(toldOutAt, options.detectMs)) return;
  turn.state.toldOutAt = turn.now;
  turn.effects.push({ kind: 'stalled' });
}

/**
 * Members that moved on to a view without this one.
 *
 * @param alone then those that are heard and do not hear this one any more are about to
 */
function goneOn(state: MemberState, members: readonly MemberId[], alone: boolean): readonly MemberId[] {
  return members.filter((member) => {
    const peer = findPeer(state, member);
    if (peer === undefined || !isHeard(peer)) return false;
    const { view, viewMembers } = peer.report;
    const movedOn = compareMaybeViewIds(view, state.view?.id ?? null) > 0 && !viewMembers.includes(state.incarnation);
    return movedOn || (alone && !peer.hears.has(state.incarnation));
  });
}

/** An agreement under way is left to finish as long as it can. */
function goesOn(turn: Turn, { all }: Candidates): boolean {
  const { agreement, options } = turn.state;
  switch (agreement.kind) {
    case 'idle':
      return false;
    case 'leading': {
      const until = later(agreement.since, attemptMs(options));
      const possible = agreement.members.every((member) => all.includes(member));
      if (possible && turn.now < until) {
        lookAgainAt(turn, until);
        return true;
      }
      turn.state.agreement = { kind: 'idle' };
      if (possible) shunSilentOnes(turn, agreement.members, new Set(agreement.promises.map(({ member }) => member)));
      return possible;
    }
    case 'awaiting': {
      const until = later(agreement.since, 2 * attemptMs(options));
      if (turn.now >= until) {
        promiseOwn(turn);
        return true;
      }
      lookAgainAt(turn, until);
      return leaderIsAtIt(turn.state, agreement.ballot.leader);
    }
  }
}

/** Heard, but no answer came: the next attempt goes without them. */
function shunSilentOnes(turn: Turn, members: readonly MemberId[], answered: ReadonlySet<MemberId>): void {
  for (const member of members) {
    const peer = findPeer(turn.state, member);
    if (peer !== undefined && !answered.has(member)) shun(turn, peer);
  }
}

function leaderIsAtIt(state: MemberState, leader: MemberId): boolean {
  const peer = findPeer(state, leader);
  if (peer === undefined || !isMutual(peer, state.incarnation)) return false;
  const { promised, view, viewMembers } = peer.report;
  if (compareMaybeViewIds(promised, state.promised) > 0) return false;
  const installed = compareMaybeViewIds(view, state.promised) === 0;
  return !installed || viewMembers.includes(state.incarnation);
}

type Wait =
  | { readonly kind: 'lead'; readonly members: readonly MemberId[] }
  | { readonly kind: 'wait'; readonly until: InstantMs | null };

function waitBeforeLeading(turn: Turn, { own, all }: Candidates, defect: Defect | null): Wait {
  const { state } = turn;
  const { options, brokenSince } = state;
  const patienceEnd = brokenSince === null ? null : later(brokenSince, joinWaitMs(options));
  if (all[0] === options.self) {
    const patient = defect === 'deserted' || (defect === 'put-out' && sameList(all, own));
    const until = latest(state.retryAt, startWait(state, all), patient ? patienceEnd : null);
    return turn.now >= until ? { kind: 'lead', members: all } : { kind: 'wait', until };
  }
  // One of another view leads; should it not come to it, this view still needs a successor.
  if (own[0] === options.self && patienceEnd !== null) {
    const until = latest(state.retryAt, patienceEnd, null);
    return turn.now >= until ? { kind: 'lead', members: own } : { kind: 'wait', until };
  }
  return { kind: 'wait', until: null };
}

/** At a start: listen first, unless there is a group to join or everybody is here. */
function startWait(state: MemberState, all: readonly MemberId[]): InstantMs | null {
  if (state.view !== null) return null;
  if (all.some((member) => (findPeer(state, member)?.report.view ?? null) !== null)) return null;
  const hosts = new Set(all.map(hostOf));
  const complete =
    state.options.expectedHosts.length > 0 && state.options.expectedHosts.every((host) => hosts.has(host));
  return complete ? null : state.listenUntil;
}

function lookAgainAt(turn: Turn, at: InstantMs | null): void {
  const { reconsiderAt } = turn.state;
  if (at !== null && (reconsiderAt === null || at < reconsiderAt)) turn.state.reconsiderAt = at;
}

function latest(a: InstantMs, b: InstantMs | null, c: InstantMs | null): InstantMs {
  return Math.max(a, b ?? a, c ?? a) as InstantMs; // the latest of instants is one
}
