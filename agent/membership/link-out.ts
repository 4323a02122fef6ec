/**
 * The sending half of a link: messages queue whole, are cut into fragments as the window opens, and stay in flight
 * until acknowledged. Cumulative acknowledgements and one timer for the oldest fragment are enough on a LAN; selective
 * ones were not worth their state.
 */
import {
  fragmentBytesMax,
  queueBytesMax,
  retransmitMsMax,
  retransmitMsMin,
  windowMax,
  windowMin,
  windowStart,
} from './bounds.ts';
import type { InstantMs } from './view.ts';

export type Fragment = { readonly number: number; readonly final: boolean; readonly bytes: Uint8Array };

type InFlight = Fragment & { readonly sentAt: InstantMs; readonly resent: boolean };

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
  /** When something was last acknowledged, or first sent after a pause: what stalls is measured from here. */
  readonly progressAt: InstantMs;
};

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
    progressAt: now,
  };
}

export function isIdle(link: LinkOut): boolean {
  return link.inFlight.length === 0 && link.queue.length === 0;
}

/** `null`: the queue is full. */
export function enqueue(link: LinkOut, message: Uint8Array): LinkOut | null {
  if (link.queuedBytes + message.length > queueBytesMax) return null;
  return { ...link, queue: [...link.queue, message], queuedBytes: link.queuedBytes + message.length };
}

/** Fragments to send now, as far as the window allows. */
export function pump(link: LinkOut, now: InstantMs): { link: LinkOut; send: readonly Fragment[] } {
  const room = Math.floor(link.window) - link.inFlight.length;
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
    fresh.push({ number: nextNumber, final, bytes, sentAt: now, resent: false });
    nextNumber += 1;
    if (final) {
      taken += 1;
      offset = 0;
      queuedBytes -= message.length;
    }
  }
  const wasIdle = link.inFlight.length === 0;
  return {
    link: {
      ...link,
      nextNumber,
      inFlight: wasIdle ? fresh : [...link.inFlight, ...fresh],
      queue: taken === 0 ? link.queue : link.queue.slice(taken),
      queuedBytes,
      offset,
      retransmitAt: link.retransmitAt ?? ((now + timeoutMs(link)) as InstantMs),
      progressAt: wasIdle ? now : link.progressAt,
    },
    send: fresh,
  };
}

/** The third acknowledgement that brings nothing new says that the oldest got lost: it is sent again at once. */
export function acknowledged(
  link: LinkOut,
  epoch: number,
  upTo: number,
  now: InstantMs,
): { link: LinkOut; send: readonly Fragment[] } {
  const oldest = link.inFlight[0];
  if (epoch !== link.epoch || oldest === undefined || upTo >= link.nextNumber) return { link, send: [] };
  if (upTo < oldest.number) {
    const duplicateAcks = link.duplicateAcks + (upTo === oldest.number - 1 ? 1 : 0);
    if (duplicateAcks !== 3) return { link: { ...link, duplicateAcks }, send: [] };
    return resendOldest({ ...link, duplicateAcks, window: Math.max(windowMin, link.window / 2) }, now);
  }
  const count = upTo - oldest.number + 1;
  const newest = link.inFlight[count - 1];
  // Karn's rule (RFC 6298 §3): a fragment that was sent twice measures nothing.
  const sampleMs = newest !== undefined && !newest.resent ? now - newest.sentAt : null;
  const roundTripMs = sampleMs === null ? link.roundTripMs : link.roundTripMs + (sampleMs - link.roundTripMs) / 8;
  const next = { ...link, roundTripMs, tries: 0, duplicateAcks: 0 };
  return {
    link: {
      ...next,
      inFlight: link.inFlight.slice(count),
      window: Math.min(windowMax, link.window + count),
      retransmitAt: count === link.inFlight.length ? null : ((now + timeoutMs(next)) as InstantMs),
      progressAt: now,
    },
    send: [],
  };
}

/** The timer ran out: the oldest fragment goes again, by another route where the caller has one. */
export function retransmit(link: LinkOut, now: InstantMs): { link: LinkOut; send: readonly Fragment[] } {
  return resendOldest({ ...link, tries: link.tries + 1, window: Math.max(windowMin, link.window / 2) }, now);
}

/** The peer is heard again: what waits for it need not wait for a long timer. */
export function hurry(link: LinkOut, now: InstantMs): LinkOut {
  if (link.inFlight.length === 0) return link;
  return { ...link, tries: 0, retransmitAt: now, progressAt: now };
}

function resendOldest(link: LinkOut, now: InstantMs): { link: LinkOut; send: readonly Fragment[] } {
  const [oldest, ...rest] = link.inFlight;
  if (oldest === undefined) return { link: { ...link, retransmitAt: null }, send: [] };
  const inFlight = [{ ...oldest, resent: true }, ...rest];
  return { link: { ...link, inFlight, retransmitAt: (now + timeoutMs(link)) as InstantMs }, send: [oldest] };
}

function timeoutMs(link: LinkOut): number {
  return Math.min(retransmitMsMax, Math.max(retransmitMsMin, 3 * link.roundTripMs) * 2 ** Math.min(link.tries, 8));
}
