/**
 * Silence is not death: what a silent member held is left to it while its host answers. It may hear this side all the same, where
 * frames are lost one way only. Then it stands back, and would let go of what nobody here takes before it is gone: so it is told.
 * Who is told is left alone; who is not lets go at once, and the moment it is told no more is that of the takeover.
 */
import { type Incarnation, incarnationOf, sameList } from './identity.ts';
import type { MemberState } from './member-state.ts';
import { overdueAt } from './suspects.ts';
import { findIncarnation, findPeer, type Turn } from './turn.ts';
import type { InstantMs, MemberId } from './view.ts';

/** @param members the whole truth; told at once where it changes */
export function spare(turn: Turn, members: readonly MemberId[]): void {
  const spares: readonly Incarnation[] = members.map(incarnationOf).sort();
  if (sameList(spares, turn.state.spares)) return;
  turn.state.spares = spares;
  turn.urgent = true;
}

/**
 * Whether all of `apart` leave to this member what it has. The first member of a view decides in it, so nobody else's word counts; it
 * counts whichever view it was said in, as the newest there is.
 */
export function isSpared(state: MemberState, apart: readonly MemberId[], now: InstantMs): boolean {
  return (
    apart.length > 0 &&
    apart.every((member) => {
      const peer = findPeer(state, member);
      const [first] = peer?.report.viewMembers ?? [];
      const decider = first === undefined ? undefined : findIncarnation(state, first);
      if (peer === undefined || decider === undefined || decider.gone) return false;
      if (!decider.report.spares.includes(state.incarnation)) return false;
      // Where all are blocked at once, the patience with one ends a moment before that with another.
      return !decider.silent || (state.spared && now >= overdueAt(peer));
    })
  );
}
