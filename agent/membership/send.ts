/** Puts messages on links. */
import { enqueue } from './link-out.ts';
import type { LinkMessage } from './message.ts';
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
  else updatePeer(turn, { ...peer, out });
}
