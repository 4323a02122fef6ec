/**
 * A peer that is heard but whose link makes no progress (a filter that lets only small datagrams pass, a process that
 * hangs with a living heartbeat) would block every agreement. It is left out for a while, longer each time, so that it
 * cannot make the group flap.
 */
import { shunMsMax, shunMsMin } from './bounds.ts';
import { openLinkOut } from './link-out.ts';
import { changedPeer, type Peer } from './peer.ts';
import { type Turn, updatePeer } from './turn.ts';
import { later } from './view.ts';

export function shun(turn: Turn, peer: Peer): void {
  const lastsMs = Math.min(shunMsMax, shunMsMin * 2 ** Math.min(peer.shunned, 16));
  const shunnedUntil = later(turn.now, lastsMs);
  const out = openLinkOut(turn.now, peer.out);
  updatePeer(turn, changedPeer(peer, { shunnedUntil, shunned: peer.shunned + 1, out }));
  turn.reconsider = true;
  turn.urgent = true;
}
