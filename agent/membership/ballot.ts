/** Ballots are the ids of views to be: they only grow, whoever makes them. */
import { isBlocked, type MemberState } from './member-state.ts';
import type { Turn } from './turn.ts';
import type { ViewId } from './view.ts';

/** Above everything this member has promised or heard of. */
export function nextBallot(state: MemberState): ViewId {
  let counter = Math.max(state.ballotFloor, state.promised?.counter ?? 0);
  for (const { report } of state.peers) {
    counter = Math.max(counter, report.promised?.counter ?? 0, report.view?.counter ?? 0);
  }
  return { counter: counter + 1, leader: state.options.self };
}

/**
 * This member cannot go on in its view: it promises a ballot of its own, which blocks it and, by its heartbeats, tells
 * the others that the view needs a successor.
 */
export function breakView(turn: Turn): void {
  if (turn.state.view !== null && !isBlocked(turn.state)) promiseOwn(turn);
}

/** Gives up what was promised to another: should that have been committed, the others see that it was not installed. */
export function promiseOwn(turn: Turn): void {
  turn.state.promised = nextBallot(turn.state);
  turn.state.agreement = { kind: 'idle' };
  turn.reconsider = true;
  turn.urgent = true;
}
