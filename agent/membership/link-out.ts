/**
 * The sending half of a link: messages queue whole, are cut into fragments as the window opens, and stay in flight
 * until acknowledged. Cumulative acknowledgements and one timer are enough on a LAN; selective ones were not worth their
 * state.
 */
import {
  fragmentBytesMax,
  queueBytesMax,
  retransmitMsMax,
  retransmitMsMin,
  roundTripMsMax,
  windowMax,
  windowMin,
  windowStart,
} from './bounds.ts';
import { type InstantMs, later } from './view.ts';

export type Fragment = { readonly number: number; readonly final: boolean; readonly bytes: Uint8Array };

type InFlight = Fragment & {
  /** The first time. */
  readonly sentAt: InstantMs;
};

export type LinkOut = {
  readonly epoch: number;
  /** Of the next new fragment. */
  readonly nextNumber: number;
  readonly inFlight: readonly InFlight[];
  readonly queue: readonly Uint8Array[];
  readonly queuedBytes: number;
  /** Bytes of the first queued message that are in flight or acknowledged. */
  readonly offset: number;
  readonly window: number;
  /** Smoothed round trip, RFC 6298 §2 without the variance: LAN round trips are far below the timer's floor. */
  readonly roundTripMs: number;
  /** Timeouts since the last progress. */
  readonly tries: number;
  readonly duplicateAcks: number;
  readonly retransmitAt: InstantMs | null;
  /** After a timeout everything in flight may be lost: what was, up to here, goes again as acknowledgements come. */
  readonly recoverUpTo: number;
  /** How far that has got. */
  readonly resentUpTo: number;
};

type Sent = { readonly link: LinkOut; readonly send: readonly Fragment[] };

/** A new stream; its epoch is above that of every earlier one of this run, as the clock is. */
export function openLinkOut(now: InstantMs, former: LinkOut | null): LinkOut {
  return {
    epoch: Math.max(Math.floor(now) + 1, former === null ? 0 : former.epoch + 1),
    nextNumber: 1,
    inFlight: [],
    queue: [],
    queuedBytes: 0,
    offset: 0,
    window: windowStart,
    roundTripMs: 0,
    tries: 0,
    duplicateAcks: 0,
    retransmitAt: null,
    recoverUpTo: 0,
    resentUpTo: 0,
  };
}

export function isIdle(link: LinkOut): boolean {
  return link.inFlight.length === 0 && link.queue.length === 0;
}

/** `null`: the queue is full. */
export function enqueue(link: LinkOut, message: Uint8Array): LinkOut | null {
  if (link.queuedBytes + message.length > queueBytesMax) return null;
  return changed(link, { queue: [...link.queue, message], queuedBytes: link.queuedBytes + message.length });
}

/** Fragments to send now, as far as the window allows, and this link's share of what all may have in flight. */
export function pump(link: LinkOut, now: InstantMs, windowShare: number): Sent {
  const room = Math.floor(Math.min(link.window, windowShare)) - link.inFlight.length;
  if (link.queue.length === 0 || room <= 0) return { link, send: [] };
  const fresh: InFlight[] = [];
  let { offset, queuedBytes, nextNumber } = link;
  let taken = 0;
  while (fresh.length < room) {
    const message = link.queue[taken];
    if (message === undefined) break;
    const bytes = message.subarray(offset, offset + fragmentBytesMax);
    offset += bytes.length;
    const final = offset >= message.length;
    fresh.push({ number: nextNumber, final, bytes, sentAt: now });
    nextNumber += 1;
    if (final) {
      taken += 1;
      offset = 0;
      queuedBytes -= message.length;
    }
  }
  const wasIdle = link.inFlight.length === 0;
  const next = copyOf(link);
  next.nextNumber = nextNumber;
  next.inFlight = wasIdle ? fresh : [...link.inFlight, ...fresh];
  if (taken > 0) next.queue = link.queue.slice(taken);
  next.queuedBytes = queuedBytes;
  next.offset = offset;
  next.retransmitAt = link.retransmitAt ?? later(now, timeoutMs(link));
  return { link: next, send: fresh };
}

/** The third acknowledgement that brings nothing new says that the oldest got lost: it is sent again at once. */
export function acknowledged(link: LinkOut, epoch: number, upTo: number, now: InstantMs): Sent {
  const oldest = link.inFlight[0];
  if (epoch !== link.epoch || oldest === undefined || upTo >= link.nextNumber) return { link, send: [] };
  if (upTo < oldest.number) {
    const duplicateAcks = link.duplicateAcks + (upTo === oldest.number - 1 ? 1 : 0);
    if (duplicateAcks !== 3) return { link: changed(link, { duplicateAcks }), send: [] };
    const window = Math.max(windowMin, link.window / 2);
    return resend(changed(link, { duplicateAcks, window, resentUpTo: oldest.number - 1 }), 1, now);
  }
  const count = upTo - oldest.number + 1;
  const newest = link.inFlight[count - 1];
  const next = copyOf(link);
  next.inFlight = link.inFlight.slice(count);
  // Karn's rule (RFC 6298 §3) leaves out what was sent twice. Where a busy host makes each round trip longer than the timer that is
  // everything, and the timer would never learn.
  if (newest !== undefined) next.roundTripMs = smoothed(link.roundTripMs, now - newest.sentAt);
  next.window = Math.min(windowMax, link.window + count);
  next.tries = 0;
  next.duplicateAcks = 0;
  const isDone = next.inFlight.length === 0;
  if (!isDone && upTo < link.recoverUpTo) return resend(next, link.window, now);
  next.retransmitAt = isDone ? null : later(now, timeoutMs(next));
  return { link: next, send: [] };
}

/** The timer ran out: the oldest fragment goes again, by another route where the caller has one. */
export function retransmit(link: LinkOut, now: InstantMs): Sent {
  const window = Math.max(windowMin, link.window / 2);
  const recoverUpTo = link.nextNumber - 1;
  return resend(changed(link, { tries: link.tries + 1, window, recoverUpTo, resentUpTo: 0 }), 1, now);
}

/** The peer is heard again: what waits for it need not wait for a long timer. */
export function hurry(link: LinkOut, now: InstantMs): LinkOut {
  if (link.inFlight.length === 0) return link;
  return changed(link, { tries: 0, retransmitAt: now });
}

function changed(link: LinkOut, change: Partial<LinkOut>): LinkOut {
  return Object.assign(copyOf(link), change);
}

/** To be changed before anybody else sees it, as `copyOfPeer`. */
function copyOf(link: LinkOut): { -readonly [Part in keyof LinkOut]: LinkOut[Part] } {
  return {
    epoch: link.epoch,
    nextNumber: link.nextNumber,
    inFlight: link.inFlight,
    queue: link.queue,
    queuedBytes: link.queuedBytes,
    offset: link.offset,
    window: link.window,
    roundTripMs: link.roundTripMs,
    tries: link.tries,
    duplicateAcks: link.duplicateAcks,
    retransmitAt: link.retransmitAt,
    recoverUpTo: link.recoverUpTo,
    resentUpTo: link.resentUpTo,
  };
}

/** At most `count` of the oldest that did not go again since the last timeout. */
function resend(link: LinkOut, count: number, now: InstantMs): Sent {
  const again = link.inFlight.filter(({ number }) => number > link.resentUpTo).slice(0, Math.ceil(count));
  const last = again.at(-1)?.number ?? link.resentUpTo;
  const retransmitAt = later(now, timeoutMs(link));
  return { link: changed(link, { resentUpTo: last, retransmitAt }), send: again };
}

/** RFC 6298 §2.3, alpha = 1/8. A sample from a peer that stood still says nothing about the network. */
function smoothed(roundTripMs: number, sampleMs: number): number {
  return roundTripMs + (Math.min(sampleMs, roundTripMsMax) - roundTripMs) / 8;
}

function timeoutMs(link: LinkOut): number {
  return Math.min(retransmitMsMax, Math.max(retransmitMsMin, 3 * link.roundTripMs) * 2 ** Math.min(link.tries, 8));
}
