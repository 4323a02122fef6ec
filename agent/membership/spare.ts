/**
 * Silence is not death: what a silent member held is left to it while its host answers. It may hear this side all the same, where
 * frames are lost one way only. Then it stands back, and would let go of what nobody here takes before it is gone: so it is told.
 * Who is told is left alone; who is not lets go at once, and the moment it is told no more is that of the takeover. It is said as
 * well of all who are about to be lost, until a view without them has decided: they would have let go before that.
 */
import { compareMaybeViewIds, type Incarnation, incarnationOf, sameList } from './identity.ts';
import type { MemberState } from './member-state.ts';
import type { Peer } from './peer.ts';
import { overdueAt } from './suspects.ts';
import { findIncarnation, findPeer, type Turn } from './turn.ts';
import type { InstantMs, MemberId, ViewId } from './view.ts';

/** @param members the whole truth in that view; told at once where it changes */
export function spare(turn: Turn, view: ViewId, members: readonly MemberId[]): void {
  if (compareMaybeViewIds(turn.state.view?.id ?? null, view) !== 0) return;
  const present = new Set(turn.state.view?.members.map(incarnationOf));
  const undecided = turn.state.undecided.filter((incarnation) => present.has(incarnation));
  const spares: readonly Incarnation[] = members.map(incarnationOf).sort();
  if (sameList(spares, turn.state.spares) && sameList(undecided, turn.state.undecided)) return;
  turn.state.spares = spares;
  turn.state.undecided = undecided;
  turn.urgent = true;
}

/** All to whom is left what they have. */
export function allSpared({ spares, undecided }: MemberState): readonly Incarnation[] {
  return undecided.length === 0 ? spares : [...new Set([...spares, ...undecided])].sort();
}

/** @param own those of the view that can go on together, or all of the view that is about to be installed: the others of the view are lost */
export function noteUndecided(turn: Turn, own: readonly MemberId[]): void {
  const { options, view, undecided } = turn.state;
  if (options.asksFirst !== true || view === null) return;
  if (undecided.length === 0 && sameList(own, view.members)) return;
  const known = new Set([...view.members, ...own].map(incarnationOf));
  const lost = view.members.filter((member) => !own.includes(member) && isLostInSilence(turn.state, member));
  const before = undecided.filter((incarnation) => !known.has(incarnation));
  const all: readonly Incarnation[] = [...before, ...lost.map(incarnationOf)].sort();
  if (sameList(all, undecided)) return;
  turn.state.undecided = all;
  turn.urgent = true;
}

function isLostInSilence(state: MemberState, member: MemberId): boolean {
  const peer = findPeer(state, member);
  return peer !== undefined && !peer.gone && !peer.report.leaving;
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
      const decider = peer === undefined ? undefined : deciderOf(state, peer);
      if (peer === undefined || decider === undefined || decider.gone) return false;
      const { spares, view, viewMembers } = decider.report;
      // It has taken this member in again, which the other has not heard of yet.
      const takenIn = compareMaybeViewIds(view, peer.report.view) > 0 && viewMembers.includes(state.incarnation);
      if (!takenIn && !spares.includes(state.incarnation)) return false;
      // Where all are blocked at once, the patience with one ends a moment before that with another.
      return !decider.silent || (state.spared && now >= overdueAt(peer));
    })
  );
}

/** Who decides in the view of that peer. One that is still in a view with this member, and about to leave it, decides nothing there: its own word counts. */
function deciderOf(state: MemberState, peer: Peer): Peer | undefined {
  const { viewMembers } = peer.report;
  const [first] = viewMembers;
  if (first === undefined || viewMembers.includes(state.incarnation)) return peer;
  return findIncarnation(state, first);
}
