/** One step in the making: the state so far, the effects so far. Lives no longer than the step. */
import type { Incarnation } from './identity.ts';
import type { MemberEffect, MemberState } from './member-state.ts';
import type { Peer } from './peer.ts';
import type { InstantMs, MemberId } from './view.ts';

export type Turn = {
  readonly now: InstantMs;
  /** A copy of this step's own, changed in place; what it refers to is shared and never changed. */
  readonly state: { -readonly [Part in keyof MemberState]: MemberState[Part] };
  readonly effects: MemberEffect[];
  /** Something changed that may call for another view. */
  reconsider: boolean;
  /** The others should know before the next heartbeat is due. */
  urgent: boolean;
};

export function findPeer(state: MemberState, member: MemberId): Peer | undefined {
  for (const peer of state.peers) if (peer.member === member) return peer;
  return undefined;
}

export function findIncarnation(state: MemberState, incarnation: Incarnation): Peer | undefined {
  for (const peer of state.peers) if (peer.incarnation === incarnation) return peer;
  return undefined;
}

/** Replaces a peer by its newer self. */
export function updatePeer(turn: Turn, peer: Peer): void {
  const { peers } = turn.state;
  for (let index = 0; index < peers.length; index += 1) {
    if (peers[index]?.member !== peer.member) continue;
    const changed = peers.slice();
    changed[index] = peer;
    turn.state.peers = changed;
    return;
  }
}
