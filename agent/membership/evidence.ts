/**
 * That a view stands. A machine that was paused finds no gap in its time: what is due is due as if nothing had been, though others may
 * have gone on. What is only right while the view stands waits until another member was heard in it after that was due.
 */
import { compareMaybeViewIds } from './identity.ts';
import type { MemberState } from './member-state.ts';
import type { Heartbeat } from './message.ts';

/** A number that is another one whenever another member of this host's view was heard in it; `nobodyElse` where there is none to hear. */
export type Evidence = () => number;

export const nobodyElse = -1;

/** Whether the installed view stands: another member of it is in it. Whoever went on without this one is in another. */
export function confirmsView({ view, options }: MemberState, { member, view: theirs }: Heartbeat): boolean {
  return (
    view?.members.includes(member) === true && member !== options.self && compareMaybeViewIds(theirs, view.id) === 0
  );
}
