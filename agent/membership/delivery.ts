/** Messages within a view: numbered by their sender, delivered in that order, held back where a view is to come first. */

import { breakView } from './ballot.ts';
import { earlyBytesMax, outboxBytesMax, outboxMessagesMax, payloadBytesMax, unstableBytesShared } from './bounds.ts';
import { compareMaybeViewIds } from './identity.ts';
import { changedDelivery, isBlocked } from './member-state.ts';
import type { LinkMessage, Recalled } from './message.ts';
import type { Peer } from './peer.ts';
import { sendBytes } from './send.ts';
import { shun } from './shun.ts';
import { findPeer, type Turn } from './turn.ts';
import { compareViewIds, type MemberId, type ViewId } from './view.ts';

/** Dropped where `said` is not the view to send it in. One above the bound never gets here: the channel refuses it. */
export function multicast(turn: Turn, said: ViewId, payload: Uint8Array): void {
  const { view, delivery, leaveUntil } = turn.state;
  if (view === null || compareViewIds(view.id, said) !== 0) return;
  if (isBlocked(turn.state) || leaveUntil !== null || payload.length > payloadBytesMax) return;
  if (delivery.outbox.length === 0 && hasRoom(turn, payload)) {
    multicastNow(turn, payload);
    return;
  }
  const outboxBytes = delivery.outboxBytes + payload.length;
  if (outboxBytes > outboxBytesMax || delivery.outbox.length >= outboxMessagesMax) shunLaggards(turn);
  else turn.state.delivery = changedDelivery(delivery, { outbox: [...delivery.outbox, payload], outboxBytes });
}

/** Sends what waited, as far as earlier messages became stable. */
export function multicastWaiting(turn: Turn): void {
  while (!isBlocked(turn.state)) {
    const { delivery } = turn.state;
    const [next, ...outbox] = delivery.outbox;
    if (next === undefined || !hasRoom(turn, next)) return;
    const outboxBytes = delivery.outboxBytes - next.length;
    turn.state.delivery = changedDelivery(delivery, { outbox, outboxBytes });
    multicastNow(turn, next);
  }
}

export function receiveMulticast(turn: Turn, peer: Peer, message: LinkMessage & { kind: 'multicast' }): void {
  const { view } = turn.state;
  const order = compareMaybeViewIds(message.view, view?.id ?? null);
  if (order > 0) holdEarly(turn, peer.member, message);
  else if (order === 0 && !isBlocked(turn.state) && !deliver(turn, recalledOf(peer, message))) breakView(turn);
}

function recalledOf({ member }: Peer, { number, payload }: LinkMessage & { kind: 'multicast' }): Recalled {
  return { sender: member, number, payload };
}

/** False at a gap: the sender started its link anew within the view, so this view cannot go on. */
export function deliver(turn: Turn, message: Recalled): boolean {
  const { view, delivery } = turn.state;
  const index = view?.members.indexOf(message.sender) ?? -1;
  const last = delivery.delivered[index];
  if (last === undefined || message.number > last + 1) return false;
  if (message.number <= last) return true;
  const kept = delivery.kept[index] ?? [];
  const own = message.sender === turn.state.options.self;
  turn.state.delivery = changedDelivery(delivery, {
    delivered: delivery.delivered.with(index, message.number),
    kept: delivery.kept.with(index, [...kept, { number: message.number, payload: message.payload }]),
    ownKeptBytes: delivery.ownKeptBytes + (own ? message.payload.length : 0),
  });
  turn.effects.push({ kind: 'deliver', sender: message.sender, payload: message.payload });
  return true;
}

/** Messages that came before their view; those of other views are forgotten where they can no longer come to be. */
export function deliverEarly(turn: Turn): void {
  const { view, early } = turn.state;
  if (view === null || early.length === 0) return;
  turn.state.early = early.filter((message) => compareViewIds(message.view, view.id) > 0);
  for (const message of early) {
    if (compareViewIds(message.view, view.id) === 0 && !deliver(turn, message)) breakView(turn);
  }
}

function holdEarly(turn: Turn, sender: MemberId, message: LinkMessage & { kind: 'multicast' }): void {
  const { early } = turn.state;
  const held = early.reduce((sum, other) => sum + (other.sender === sender ? other.payload.length : 0), 0);
  // Above what the sender may have unstable: dropped, found as a gap when the view is installed.
  if (held + message.payload.length > earlyBytesMax) return;
  const { view, number, payload } = message;
  turn.state.early = [...early, { sender, view, number, payload }];
}

/** A member's share shrinks with the size of the view, so that what a promise recalls stays bounded. */
function hasRoom(turn: Turn, payload: Uint8Array): boolean {
  const { delivery, view } = turn.state;
  const share = unstableBytesShared / (view?.members.length ?? 1);
  return delivery.ownKeptBytes === 0 || delivery.ownKeptBytes + payload.length <= share;
}

function multicastNow(turn: Turn, payload: Uint8Array): void {
  const { view, delivery, options } = turn.state;
  if (view === null) return;
  const number = (delivery.delivered[view.members.indexOf(options.self)] ?? 0) + 1;
  const bytes = options.codec.encode({ kind: 'multicast', view: view.id, number, payload });
  for (const member of view.members) if (member !== options.self) sendBytes(turn, member, bytes);
  deliver(turn, { sender: options.self, number, payload });
}

/** Who has not delivered what this member sent keeps it from sending more. */
function shunLaggards(turn: Turn): void {
  const { view, delivery, options } = turn.state;
  if (view === null) return;
  const self = view.members.indexOf(options.self);
  for (const member of view.members) {
    const peer = findPeer(turn.state, member);
    if (peer !== undefined && (peer.report.delivered[self] ?? 0) < (delivery.delivered[self] ?? 0)) shun(turn, peer);
  }
  breakView(turn);
}
