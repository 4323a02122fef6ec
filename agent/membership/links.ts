/** The links of all peers: what comes in becomes messages, what waits goes out, what is overdue goes again. */
import { windowMin, windowShared } from './bounds.ts';
import { receiveMulticast } from './delivery.ts';
import { receiveCatchUp, receiveCommit, receivePropose } from './following.ts';
import { patienceMs } from './heartbeat.ts';
import type { Incarnation } from './identity.ts';
import { receivePromise, receiveRecall, receiveRefuse } from './leading.ts';
import { changedLinkIn, receiveFragment } from './link-in.ts';
import { acknowledged, type Fragment, isIdle, pump, retransmit } from './link-out.ts';
import type { LinkDatagram, LinkMessage } from './message.ts';
import { copyOfPeer, gonePeer, type Peer, routeFor } from './peer.ts';
import { findIncarnation, findPeer, type Turn, updatePeer } from './turn.ts';
import type { MemberId } from './view.ts';

/** One from a stranger is passed over: it comes again, and its heartbeats make it known. */
export function receiveDatagram(turn: Turn, from: Incarnation, datagram: LinkDatagram): void {
  const peer = findIncarnation(turn.state, from);
  if (peer === undefined || peer.gone || datagram.to !== turn.state.incarnation) return;
  if (datagram.kind === 'ack') {
    const { link, send } = acknowledged(peer.out, datagram.epoch, datagram.upTo, turn.now);
    const acknowledging = copyOfPeer(peer);
    acknowledging.out = link;
    updatePeer(turn, acknowledging);
    emit(turn, peer, send);
    return;
  }
  const { epoch, number, final, bytes } = datagram;
  const { link, messages } = receiveFragment(peer.in, epoch, { number, final, bytes }, turn.now);
  const received = copyOfPeer(peer);
  received.in = link;
  updatePeer(turn, received);
  for (const message of messages) receive(turn, peer.member, turn.state.options.codec.decode(message));
}

/** The last thing of a step: acknowledgements, retransmissions that are due, and what the windows let out. */
export function flushLinks(turn: Turn): void {
  const { peers } = turn.state;
  const share = Math.max(windowMin, Math.floor(windowShared / countBusy(peers)));
  for (const peer of peers) {
    const { out } = peer;
    const due = out.retransmitAt !== null && turn.now >= out.retransmitAt;
    const acknowledges = peer.in.ackAt !== null && turn.now >= peer.in.ackAt;
    if (!acknowledges && !due && out.queue.length === 0) continue;
    const resent = due ? retransmit(out, turn.now) : { link: out, send: [] };
    const pumped = pump(resent.link, turn.now, share);
    const next = copyOfPeer(peer);
    next.out = pumped.link;
    if (acknowledges) next.in = changedLinkIn(peer.in, { unacknowledged: 0, ackAt: null });
    updatePeer(turn, next);
    if (acknowledges) {
      const { epoch, expected } = peer.in;
      emitDatagram(turn, next, 0, { kind: 'ack', to: peer.incarnation, epoch, upTo: expected - 1 });
    }
    emit(turn, next, resent.send);
    emit(turn, next, pumped.send);
  }
}

function countBusy(peers: readonly Peer[]): number {
  let busy = 0;
  for (const { out } of peers) if (!isIdle(out)) busy += 1;
  return busy;
}

function receive(turn: Turn, sender: MemberId, message: LinkMessage | null): void {
  const peer = findPeer(turn.state, sender);
  if (peer === undefined || turn.state.ended) return;
  if (message === null) {
    turn.effects.push({ kind: 'unknown-message', sender, address: peer.routes[0]?.address ?? '' });
    return;
  }
  switch (message.kind) {
    case 'propose':
      receivePropose(turn, peer, message);
      return;
    case 'recall':
      receiveRecall(turn, peer, message);
      return;
    case 'promise':
      receivePromise(turn, peer, message);
      return;
    case 'refuse':
      receiveRefuse(turn, message);
      return;
    case 'catch-up':
      receiveCatchUp(turn, peer, message);
      return;
    case 'commit':
      receiveCommit(turn, peer, message);
      return;
    case 'multicast':
      receiveMulticast(turn, peer, message);
      return;
    case 'leave':
      updatePeer(turn, gonePeer(peer, turn.now));
      turn.reconsider = true;
      turn.urgent = true;
      return;
  }
}

function emit(turn: Turn, peer: Peer, fragments: readonly Fragment[]): void {
  for (const { number, final, bytes } of fragments) {
    const { epoch, tries } = peer.out;
    emitDatagram(turn, peer, tries, { kind: 'data', to: peer.incarnation, epoch, number, final, bytes });
  }
}

function emitDatagram(turn: Turn, peer: Peer, tries: number, datagram: LinkDatagram): void {
  const route = routeFor(peer, tries, patienceMs(turn.state, peer), turn.now);
  if (route === undefined) return;
  turn.effects.push({ kind: 'send-datagram', datagram, route: { path: route.path, address: route.address } });
}
