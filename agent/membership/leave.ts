/** Saying goodbye: everybody who hears us is told, and the rest is the others' business. */
import { leaveMs } from './bounds.ts';
import { isIdle } from './link-out.ts';
import { isMutual } from './peer.ts';
import { sendBytes } from './send.ts';
import type { Turn } from './turn.ts';
import { later } from './view.ts';

export function startLeaving(turn: Turn): void {
  if (turn.state.leaveUntil !== null) return;
  const bytes = turn.state.options.codec.encode({ kind: 'leave' });
  for (const peer of turn.state.peers) if (isMutual(peer, turn.state.incarnation)) sendBytes(turn, peer.member, bytes);
  turn.state.leaveUntil = later(turn.now, leaveMs);
  turn.urgent = true;
}

/** The end, once everybody acknowledged all that was sent, or time is up. */
export function finishLeaving(turn: Turn): void {
  const { leaveUntil, peers, incarnation, ended } = turn.state;
  if (leaveUntil === null || ended) return;
  const told = peers.every((peer) => !isMutual(peer, incarnation) || isIdle(peer.out));
  if (!told && turn.now < leaveUntil) return;
  turn.state.ended = true;
  turn.effects.push({ kind: 'left' });
}
