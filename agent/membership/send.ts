/** Puts messages on links. */
import { enqueue, isIdle, openLinkOut } from './link-out.ts';
import type { LinkMessage } from './message.ts';
import { changedPeer } from './peer.ts';
import { shun } from './shun.ts';
import { findPeer, type Turn, updatePeer } from './turn.ts';
import type { MemberId } from './view.ts';

export function sendTo(turn: Turn, member: MemberId, message: LinkMessage): void {
  sendBytes(turn, member, turn.state.options.codec.encode(message));
}

/** An encoded message, so that one that goes to many is encoded once. Who lets its queue fill up is shunned. */
export function sendBytes(turn: Turn, member: MemberId, bytes: Uint8Array): void {
  const peer = findPeer(turn.state, member);
  if (peer === undefined || peer.gone) return;
  const out = enqueue(peer.out, bytes);
  if (out === null) shun(turn, peer);
  else updatePeer(turn, changedPeer(peer, { out }));
}

/**
 * What waits for one outside the view that is silent, or hears nothing, would only grow old: should it come back, its link starts
 * clean. Called when that changes and when a view is installed, not later: an answer to one that is coming back is to reach it.
 */
export function dropUseless(turn: Turn): void {
  for (const peer of turn.state.peers) {
    const unheard = peer.silent || !peer.hears.has(turn.state.incarnation);
    const useless = unheard && !isIdle(peer.out) && !(turn.state.view?.members.includes(peer.member) ?? false);
    if (useless) updatePeer(turn, changedPeer(peer, { out: openLinkOut(turn.now, peer.out) }));
  }
}
