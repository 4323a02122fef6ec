/**
 * Who missed a heartbeat. Long before patience runs out the shell may find out by other ways whether such a member's host is
 * there, which then costs no time; and for as long as it is not heard again, nor known to be dead.
 */
import { sameMembers } from './identity.ts';
import { later, type MemberState } from './member-state.ts';
import { isHeard, type Peer } from './peer.ts';
import { type Turn, update } from './turn.ts';
import type { InstantMs } from './view.ts';

/** The next heartbeat comes within one interval; half of one more for the network and a busy host. */
const overdueIntervals = 1.5;

export function noteSuspects(turn: Turn): void {
  const { state, now } = turn;
  if (state.suspects.length === 0 && state.peers.every((peer) => now < overdueAt(peer))) return;
  const suspects = state.peers.filter((peer) => isSuspect(state, peer, now)).map(({ member }) => member);
  if (sameMembers(suspects, state.suspects)) return;
  update(turn, { suspects });
  turn.effects.push({ kind: 'suspects', members: suspects });
}

/** When this peer is to be suspected; `null` where it is already, or is no matter of ours. */
export function suspectAt(state: MemberState, peer: Peer): InstantMs | null {
  return isOurs(state, peer) && !state.suspects.includes(peer.member) ? overdueAt(peer) : null;
}

function isSuspect(state: MemberState, peer: Peer, now: InstantMs): boolean {
  return now >= overdueAt(peer) && isOurs(state, peer);
}

/** Of this view or of one before, not known to be dead, and not in the place of a run that lives. */
function isOurs(state: MemberState, peer: Peer): boolean {
  if (peer.gone || peer.report.leaving) return false;
  if (!(state.view?.members.includes(peer.member) ?? false) && !state.suspects.includes(peer.member)) return false;
  return !state.peers.some((other) => other !== peer && other.host === peer.host && isHeard(other));
}

/** Of one that is heard and not shunned, no deadline is before this. */
export function overdueAt(peer: Peer): InstantMs {
  return later(peer.heardAt, overdueIntervals * peer.report.intervalMs);
}
