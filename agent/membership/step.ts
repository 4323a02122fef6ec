/**
 * The membership protocol of the built-in engine as a function: docs/protocol.md says what it does. No clock, no
 * sockets; the same state and event always give the same answer.
 */
import { reconsider } from './course.ts';
import { multicast, multicastWaiting } from './delivery.ts';
import { deadlineOf, expire, forgive, hear } from './detector.ts';
import { ask } from './evidence.ts';
import { beat } from './heartbeat.ts';
import { assertInvariants } from './invariants.ts';
import { finishLeaving, startLeaving } from './leave.ts';
import { flushLinks, receiveDatagram } from './links.ts';
import { copyOfState, type MemberEffect, type MemberEvent, type MemberState } from './member-state.ts';
import { bury } from './obituary.ts';
import { spare } from './spare.ts';
import { noteSuspects, overdueAt } from './suspects.ts';
import { resume, suspend } from './suspension.ts';
import type { Turn } from './turn.ts';
import type { InstantMs } from './view.ts';

export type StepResult = { readonly state: MemberState; readonly effects: readonly MemberEffect[] };

/** @param event its `now` is never before that of the event before it */
export function step(former: MemberState, event: MemberEvent): StepResult {
  if (former.ended) return { state: former, effects: [] };
  const turn: Turn = { now: event.now, state: copyOfState(former), effects: [], reconsider: false, urgent: false };
  forgiveStall(turn);
  apply(turn, event);
  const broughtNothing = mayBringNothing(event) && changedNothing(former, turn);
  if (!turn.state.ended && !broughtNothing) followUp(turn);
  turn.state.wakeAt = nextDeadline(turn.state);
  assertInvariants(former, turn.state);
  return { state: turn.state, effects: turn.effects };
}

/** What follows from an event, and what is due. Done twice at one instant, the second time does nothing. */
function followUp(turn: Turn): void {
  expire(turn);
  noteSuspects(turn);
  const { reconsiderAt } = turn.state;
  turn.reconsider ||= reconsiderAt !== null && turn.now >= reconsiderAt;
  while (turn.reconsider) reconsider(turn);
  multicastWaiting(turn);
  beat(turn);
  flushLinks(turn);
  finishLeaving(turn);
}

/** When `wakeup` is due at the latest; `null` after the end. One timer is enough. */
export function nextWakeup(state: MemberState): InstantMs | null {
  return state.wakeAt;
}

function apply(turn: Turn, event: MemberEvent): void {
  switch (event.kind) {
    case 'wakeup':
      return;
    case 'heartbeat':
      hear(turn, event.heartbeat, event.route);
      return;
    case 'datagram':
      receiveDatagram(turn, event.from, event.datagram);
      return;
    case 'obituary':
      bury(turn, event.from);
      return;
    case 'send':
      multicast(turn, event.view, event.payload);
      return;
    case 'suspend':
      suspend(turn);
      return;
    case 'resume':
      resume(turn);
      return;
    case 'spare':
      spare(turn, event.view, event.members);
      return;
    case 'ask':
      ask(turn, event.question);
      return;
    case 'leave':
      startLeaving(turn);
      return;
  }
}

function mayBringNothing(event: MemberEvent): boolean {
  return event.kind === 'heartbeat' || (event.kind === 'datagram' && event.datagram.kind === 'ack');
}

/**
 * A heartbeat or an acknowledgement as most are, before anything is due: nothing follows from it but that the deadlines of that peer
 * are others, unless an acknowledgement is waited for.
 */
function changedNothing(former: MemberState, { now, state, effects, reconsider, urgent }: Turn): boolean {
  if (reconsider || urgent || effects.length > 0 || former.wakeAt === null || now >= former.wakeAt) return false;
  if (state.suspects.length > 0 || state.leftOut.length > 0 || state.delivery.outbox.length > 0) return false;
  return state.leaveUntil === null && state.peers.every(({ out }) => out.queue.length === 0);
}

/** Half of the patience late: sooner it does no harm, later it might cost a peer its place; at all of it, ours may be gone. */
function forgiveStall(turn: Turn): void {
  const { wakeAt, options } = turn.state;
  const lateMs = wakeAt === null ? 0 : turn.now - wakeAt;
  if (lateMs >= options.detectMs / 2) forgive(turn, lateMs);
  if (lateMs < options.detectMs) return;
  turn.state.toldOutAt = turn.now;
  turn.effects.push({ kind: 'stalled' });
}

function nextDeadline(state: MemberState): InstantMs | null {
  if (state.ended) return null;
  let next: InstantMs = state.heartbeatAt;
  for (const at of [state.reconsiderAt, state.leaveUntil]) if (at !== null && at < next) next = at;
  for (const peer of state.peers) {
    // In a quiet view the own heartbeat is due before any of theirs is overdue.
    if (peer.silent || peer.gone || peer.shunnedUntil !== null || overdueAt(peer) < next) {
      const at = deadlineOf(state, peer);
      if (at < next) next = at;
    }
    const { retransmitAt } = peer.out;
    if (retransmitAt !== null && retransmitAt < next) next = retransmitAt;
    const { ackAt } = peer.in;
    if (ackAt !== null && ackAt < next) next = ackAt;
  }
  return next;
}
