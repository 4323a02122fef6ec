/**
 * Standing apart: hearing members of a view that does not take this one in, because somebody in it does not hear us. Two such
 * views would both serve everything to the same clients, so the lesser side learns whom it stands back for.
 *
 * The order of sides is total: the larger one, then the one with the lower leader. So somebody always serves. Rejected: that
 * whoever is not heard stands back; in a ring of one-way links nobody would be left. It holds only where the other hears nobody,
 * and so stands back for nobody itself.
 */
import { compareMaybeViewIds, sameList } from './identity.ts';
import { attemptMs, type MemberState } from './member-state.ts';
import type { Peer } from './peer.ts';
import { isSpared } from './spare.ts';
import { findPeer, type Turn } from './turn.ts';
import { hostOf, type InstantMs, later, type MemberId } from './view.ts';

/** A member to stand back for, and since when that counts. */
export type Superior = { readonly member: MemberId; readonly from: InstantMs };

/**
 * Notes whom this member stands back for; those that are still to count make it look again.
 *
 * @param side this member's own side, sorted: its view, or what is left of it
 */
export function noteSuperiors(turn: Turn, side: readonly MemberId[]): void {
  const { state, now } = turn;
  const superiors = state.peers
    .filter((peer) => isSuperior(state, side, peer))
    .map(
      ({ member }): Superior => state.superiors.find((known) => known.member === member) ?? newSuperior(turn, member),
    );
  turn.state.superiors = superiors;
  const apart = countingFrom(superiors, now);
  const spared = isSpared(state, apart, now);
  if (state.view === null || (sameList(apart, state.apart) && spared === state.spared)) return;
  turn.state.apart = apart;
  turn.state.spared = spared;
  turn.urgent = true;
  turn.effects.push({ kind: 'apart', members: apart, spared });
}

/** For a view that is about to be installed; nothing is told but by that view. */
export function apartAtInstall(turn: Turn, members: readonly MemberId[]): readonly MemberId[] {
  const { state, now } = turn;
  const superiors = state.superiors.filter(({ member }) => {
    const peer = findPeer(state, member);
    return peer !== undefined && isSuperior(state, members, peer);
  });
  return countingFrom(superiors, now);
}

/** The next instant at which one of them begins to count. */
export function nextSuperiorAt({ superiors }: MemberState, now: InstantMs): InstantMs | null {
  const waiting = superiors.map(({ from }) => from).filter((from) => from > now);
  return waiting.length === 0 ? null : (Math.min(...waiting) as InstantMs); // the least of instants is one
}

/**
 * At once where it moved on from this member's view, or found it without one. Otherwise two views have met and are about to
 * merge, which ownership settles better: nothing is let go of before the keeper is known.
 */
function newSuperior({ state, now }: Turn, member: MemberId): Superior {
  const { view, options } = state;
  const atOnce = view === null || view.members.includes(member);
  return { member, from: atOnce ? now : later(now, attemptMs(options)) };
}

function isSuperior(state: MemberState, side: readonly MemberId[], peer: Peer): boolean {
  const { view, viewMembers, hears, leaving } = peer.report;
  // Shunned ones count as well: they are there, and serve.
  if (peer.silent || peer.gone || leaving || view === null) return false;
  if (viewMembers.includes(state.incarnation)) return false;
  // Another run of a host of this side is dead, however alive a recording of it looks.
  if (side.some((member) => hostOf(member) === peer.host)) return false;
  if (isOvertaken(state, peer)) return false;
  if (viewMembers.length !== side.length) return viewMembers.length > side.length;
  const lone = side.length === 1 && hears.length === 0;
  return lone || view.leader < (side[0] ?? '');
}

/** What it says is older than a view in which it is together with this member's side. */
function isOvertaken({ view }: MemberState, { member, report }: Peer): boolean {
  return view?.members.includes(member) === true && compareMaybeViewIds(report.view, view.id) < 0;
}

function countingFrom(superiors: readonly Superior[], now: InstantMs): readonly MemberId[] {
  return superiors.filter(({ from }) => from <= now).map(({ member }) => member);
}
