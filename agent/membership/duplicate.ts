/**
 * Two runs under one host name. The one in the smaller view is refused (a newcomer has none), of two alike the higher
 * incarnation. Only a run that hears us counts, so an agent is never refused because of its own dead predecessor; and a
 * predecessor whose address its successor speaks from is gone as soon as that one hears us, since one address and port has one
 * socket. Not before: a late heartbeat of the predecessor would bury the successor.
 */
import type { MemberState } from './member-state.ts';
import { gonePeer, isMutual, type Peer } from './peer.ts';
import { type Turn, updatePeer } from './turn.ts';

/**
 * True where this member was refused.
 *
 * @param former what was known of the peer before it was heard now
 */
export function refuseDuplicate(turn: Turn, former: Peer | undefined, peer: Peer): boolean {
  const { state } = turn;
  if (peer.host === state.host) {
    if (!isMutual(peer, state.incarnation) || !givesWay(state, peer)) return false;
    turn.effects.push({ kind: 'refused', other: peer.member, address: peer.routes[0]?.address ?? '' });
    turn.state.ended = true;
    return true;
  }
  const isNew = isMutual(peer, state.incarnation) && former?.hears.has(state.incarnation) !== true;
  if (!isNew) return false;
  for (const other of state.peers) {
    if (other.host === peer.host && other.member !== peer.member && !other.gone && isReplaced(other, peer)) {
      updatePeer(turn, gonePeer(other, turn.now));
      turn.reconsider = true;
      turn.urgent = true;
    }
  }
  return false;
}

function givesWay(state: MemberState, other: Peer): boolean {
  const own = state.view?.members.length ?? 0;
  const theirs = other.report.viewMembers.length;
  return own === theirs ? state.options.self > other.member : own < theirs;
}

/** The newcomer was heard from an address after the other was heard from there last. */
function isReplaced(other: Peer, newcomer: Peer): boolean {
  return newcomer.routes.some(
    (route) =>
      route.heardAt === newcomer.heardAt &&
      other.routes.some((known) => known.address === route.address && known.heardAt < route.heardAt),
  );
}
