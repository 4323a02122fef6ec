/**
 * Who missed a heartbeat, or is heard and left out of the next view: it may not know that we go on without it. Long before patience
 * runs out the shell may find out by other ways whether such a member's host is there, which then costs no time; and until a view says
 * who has what, or it is known to be dead.
 */
import { sameList } from './identity.ts';
import type { MemberState } from './member-state.ts';
import { isHeard, type Peer } from './peer.ts';
import type { Turn } from './turn.ts';
import { type InstantMs, later, type MemberId } from './view.ts';

/** The next heartbeat comes within one interval; half of one more for the network and a busy host. */
const overdueIntervals = 1.5;

/** @param own those of the view that can go on together */
export function noteLeftOut(turn: Turn, own: readonly MemberId[]): void {
  const leftOut = turn.state.view?.members.filter((member) => !own.includes(member)) ?? [];
  if (sameList(leftOut, turn.state.leftOut)) return;
  turn.state.leftOut = leftOut;
  noteSuspects(turn);
}

export function noteSuspects(turn: Turn): void {
  const { state, now } = turn;
  if (state.suspects.length === 0 && state.leftOut.length === 0 && !isOneOverdue(state.peers, now)) return;
  const suspected = state.peers.filter((peer) => isSuspect(state, peer, now));
  const suspects = suspected.map(({ member }) => member);
  if (sameList(suspects, state.suspects)) return;
  turn.state.suspects = suspects;
  const heard = suspected.filter((peer) => now < overdueAt(peer)).map(({ member }) => member);
  turn.effects.push({ kind: 'suspects', members: suspects, heard });
}

function isOneOverdue(peers: readonly Peer[], now: InstantMs): boolean {
  for (const peer of peers) if (now >= overdueAt(peer)) return true;
  return false;
}

/** When this peer is to be suspected; `null` where it is already, or is no matter of ours. */
export function suspectAt(state: MemberState, peer: Peer): InstantMs | null {
  return isOurs(state, peer) && !state.suspects.includes(peer.member) ? overdueAt(peer) : null;
}

function isSuspect(state: MemberState, peer: Peer, now: InstantMs): boolean {
  return (now >= overdueAt(peer) || isLeftOut(state, peer) || isAway(state, peer)) && isOurs(state, peer);
}

/** Heard. One that learnt of others what became of it, and stands back, has nothing that could be left to it. */
function isLeftOut({ leftOut }: MemberState, { member, report }: Peer): boolean {
  return leftOut.includes(member) && !report.standsBack;
}

/** Heard again, and not yet taken in: until then it is left what it answers for. */
function isAway({ view, suspects }: MemberState, { member, report }: Peer): boolean {
  return !report.standsBack && suspects.includes(member) && view?.members.includes(member) !== true;
}

/** Of this view or of one before, and not known to be dead. A run in its place tells what it has in the view that takes it in. */
function isOurs(state: MemberState, peer: Peer): boolean {
  if (peer.report.leaving) return false;
  const members = state.view?.members ?? [];
  if (!members.includes(peer.member) && !state.suspects.includes(peer.member)) return false;
  const successor = state.peers.find((other) => other !== peer && other.host === peer.host && isHeard(other));
  return successor === undefined ? !peer.gone : !members.includes(successor.member);
}

/** Of one that is heard and not shunned, no deadline is before this. */
export function overdueAt(peer: Peer): InstantMs {
  return later(peer.heardAt, overdueIntervals * peer.report.intervalMs);
}
