/**
 * That a view stands. A machine that was paused finds no gap in its time: what is due is due as if nothing had been, though others may
 * have gone on. What is only right while the view stands waits until another member has answered in it a question that was asked when that
 * was due. What was only heard since then would not do: it may have waited in a socket for as long as the machine was paused.
 */
import { compareMaybeViewIds } from './identity.ts';
import type { MemberState } from './member-state.ts';
import type { Heartbeat } from './message.ts';
import type { Turn } from './turn.ts';

/** Whether the view stands, for those to whom it matters; how long they wait is theirs. */
export type Evidence = {
  /** Asks the other members. @returns the number of the question */
  ask(): number;
  /** The question or a later one was answered, or there is nobody else to ask. */
  isAnswered(question: number): boolean;
};

/** Every heartbeat asks until there is an answer; the first goes out at once. */
export function ask(turn: Turn, question: number): void {
  turn.state.asking = { question, number: turn.state.heartbeats + 1 };
  turn.urgent = true;
  endWhereAlone(turn);
}

/** In a view without others there is nobody to hear. */
export function endWhereAlone(turn: Turn): void {
  if (turn.state.view?.members.length === 1) end(turn);
}

/** Takes what another member says for an answer where it is one. */
export function noteAnswer(turn: Turn, heartbeat: Heartbeat): void {
  const { asking } = turn.state;
  if (asking !== null && heartbeat.echo >= asking.number && confirmsView(turn.state, heartbeat)) end(turn);
}

function end(turn: Turn): void {
  const { asking } = turn.state;
  if (asking === null) return;
  turn.state.asking = null;
  turn.effects.push({ kind: 'confirmed', question: asking.question });
}

/** Another member of the installed view is in it. Whoever went on without this one is in another. */
function confirmsView({ view, options }: MemberState, { member, view: theirs }: Heartbeat): boolean {
  return (
    view?.members.includes(member) === true && member !== options.self && compareMaybeViewIds(theirs, view.id) === 0
  );
}
