/** A member's death, told by its guard in words that the member sealed itself: final, so that nothing of it that comes late revives it. */
import type { Incarnation } from './identity.ts';
import { gonePeer } from './peer.ts';
import { findIncarnation, type Turn, updatePeer } from './turn.ts';

export function bury(turn: Turn, incarnation: Incarnation): void {
  const peer = findIncarnation(turn.state, incarnation);
  if (peer === undefined || peer.gone) return;
  updatePeer(turn, gonePeer(peer, turn.now));
  turn.reconsider = true;
  turn.urgent = true;
}
