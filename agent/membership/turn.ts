/** One step in the making: the state so far, the effects so far. Lives no longer than the step. */
import type { Incarnation } from './identity.ts';
import type { MemberEffect, MemberState } from './member-state.ts';
import type { Peer } from './peer.ts';
import type { InstantMs, MemberId } from './view.ts';

export type Turn = {
  readonly now: InstantMs;
  /** A copy of this step's own, changed in place by `update` alone; what it refers to is shared and never changed. */
  readonly state: MemberState;
  readonly effects: MemberEffect[];
  /** Something changed that may call for another view. */
  reconsider: boolean;
  /** The others should know before the next heartbeat is due. */
  urgent: boolean;
};

export function update(turn: Turn, change: Partial<MemberState>): void {
  Object.assign(turn.state, change);
}

export function findPeer(state: MemberState, member: MemberId): Peer | undefined {
  return state.peers.find((peer) => peer.member === member);
}

export function findIncarnation(state: MemberState, incarnation: Incarnation): Peer | undefined {
  return state.peers.find((peer) => peer.incarnation === incarnation);
}

/** Replaces a peer by its newer self. */
export function updatePeer(turn: Turn, peer: Peer): void {
  const index = turn.state.peers.findIndex((known) => known.member === peer.member);
  if (index >= 0) update(turn, { peers: turn.state.peers.with(index, peer) });
}
