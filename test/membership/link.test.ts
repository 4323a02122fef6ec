import { describe, expect, it } from 'vitest';
import {
  ackDelayMs,
  ackFragmentsMax,
  fragmentBytesMax,
  messageBytesMax,
  queueBytesMax,
  retransmitMsMin,
  windowMax,
  windowStart,
} from '../../agent/membership/bounds.ts';
import { changedLinkIn, emptyLinkIn, type LinkIn, receiveFragment } from '../../agent/membership/link-in.ts';
import {
  acknowledged,
  enqueue,
  type Fragment,
  isIdle,
  type LinkOut,
  openLinkOut,
  pump,
  retransmit,
} from '../../agent/membership/link-out.ts';
import { nextRandom, seedRandom } from '../../agent/membership/random.ts';
import type { InstantMs } from '../../agent/membership/view.ts';

const start = 1000 as InstantMs; // any instant

function filled(length: number, seed: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => (index * 31 + seed) % 256);
}

/** Compared many times faster than bytes. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function queued(link: LinkOut, message: Uint8Array): LinkOut {
  const next = enqueue(link, message);
  if (next === null) throw new Error('the queue is full');
  return next;
}

/** Runs both halves over a network that loses and swaps datagrams as the seed says, until all is acknowledged. */
function transfer(messages: readonly Uint8Array[], seed: number, lossPerMille: number): readonly Uint8Array[] {
  let random = seedRandom(seed);
  let out = messages.reduce(queued, openLinkOut(start, null));
  let into: LinkIn = emptyLinkIn;
  const received: Uint8Array[] = [];
  let onWire: Fragment[] = [];
  let nowMs: number = start;
  const send = ({ link, send: fragments }: { link: LinkOut; send: readonly Fragment[] }): void => {
    out = link;
    onWire.push(...fragments);
  };
  const acknowledge = (now: InstantMs): void => {
    if (into.ackAt === null || now < into.ackAt) return;
    into = changedLinkIn(into, { unacknowledged: 0, ackAt: null });
    random = nextRandom(random);
    if (random % 1000 >= lossPerMille) send(acknowledged(out, into.epoch, into.expected - 1, now));
  };
  for (let round = 0; !isIdle(out); round += 1) {
    if (round > 100_000) throw new Error(`seed ${seed}: it does not end`);
    nowMs += 1;
    const now = nowMs as InstantMs; // counted up from an instant
    send(pump(out, now, windowMax));
    if (out.retransmitAt !== null && now >= out.retransmitAt) send(retransmit(out, now));
    const arriving = onWire;
    onWire = [];
    for (const fragment of arriving) {
      random = nextRandom(random);
      if (random % 1000 < lossPerMille) continue;
      if (random % 7 === 0) {
        onWire.push(fragment); // late, behind what is sent next
        continue;
      }
      const result = receiveFragment(into, out.epoch, fragment, now);
      into = result.link;
      received.push(...result.messages);
      acknowledge(now);
    }
    acknowledge(now);
  }
  return received;
}

describe('a link', () => {
  it.each([
    ['one byte', [1]],
    ['nothing', [0]],
    ['exactly one fragment', [fragmentBytesMax]],
    ['one byte more than a fragment', [fragmentBytesMax + 1]],
    ['many of all sizes', [3, 0, 5000, 1, 100_000, 2]],
    ['the largest', [messageBytesMax]],
  ])('carries messages whole and in order: %s', (_, sizes) => {
    const messages = sizes.map(filled);
    expect(transfer(messages, 1, 0).map(base64)).toEqual(messages.map(base64));
  });

  it('carries them over loss and reordering', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const messages = [10, 3000, 0, 40_000, 7].map(filled);
      expect(transfer(messages, seed, 200).map(base64), `seed ${seed}`).toEqual(messages.map(base64));
    }
  });
});

describe('pump()', () => {
  it('sends no more than the window', () => {
    const { link, send } = pump(queued(openLinkOut(start, null), filled(100 * fragmentBytesMax, 1)), start, windowMax);
    expect(send.length).toBe(windowStart);
    expect(pump(link, start, windowMax).send).toEqual([]);
  });

  it('sends no more than its share of what all links may have in flight', () => {
    const { link, send } = pump(queued(openLinkOut(start, null), filled(100 * fragmentBytesMax, 1)), start, 4);
    expect(send.length).toBe(4);
    expect(pump(link, start, 4).send).toEqual([]);
  });
});

describe('enqueue()', () => {
  it('refuses what would make the queue larger than its bound', () => {
    const large = new Uint8Array(messageBytesMax);
    let link: LinkOut | null = openLinkOut(start, null);
    let accepted = 0;
    for (; link !== null; accepted += 1) link = enqueue(link, large);
    expect(accepted - 1).toBe(Math.floor(queueBytesMax / messageBytesMax));
  });
});

describe('retransmit()', () => {
  it('waits twice as long at every try, at most half a second', () => {
    let { link } = pump(queued(openLinkOut(start, null), filled(1, 1)), start, windowMax);
    const waits: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      const now = link.retransmitAt ?? start;
      ({ link } = retransmit(link, now));
      waits.push((link.retransmitAt ?? 0) - now);
    }
    expect(waits).toEqual([20, 40, 80, 160, 320, 500, 500, 500]);
  });
});

describe('acknowledged()', () => {
  it('learns how long a round trip takes where all are longer than the timer', () => {
    let link = queued(openLinkOut(start, null), filled(8 * fragmentBytesMax, 1));
    let again = 0;
    let at: number = start;
    for (let number = 1; number <= 8; number += 1) {
      const sentAt = at as InstantMs; // counted up from an instant
      ({ link } = pump(link, sentAt, 1));
      for (at = sentAt + 1; at < sentAt + 40; at += 1) {
        if (link.retransmitAt === null || at < link.retransmitAt) continue;
        ({ link } = retransmit(link, at as InstantMs)); // the same
        if (number === 8) again += 1;
      }
      ({ link } = acknowledged(link, link.epoch, number, at as InstantMs)); // the same
    }
    expect(again).toBe(0);
  });

  it('passes over one of another stream, and one of what was never sent', () => {
    const { link } = pump(queued(openLinkOut(start, null), filled(1, 1)), start, windowMax);
    expect(acknowledged(link, link.epoch - 1, 1, start).link).toBe(link);
    expect(acknowledged(link, link.epoch, 2, start).link).toBe(link);
  });

  it('sends the oldest again at the third that brings nothing new', () => {
    let { link } = pump(queued(openLinkOut(start, null), filled(5 * fragmentBytesMax, 1)), start, windowMax);
    const sent: number[] = [];
    for (let times = 0; times < 5; times += 1) {
      const result = acknowledged(link, link.epoch, 0, start);
      link = result.link;
      sent.push(...result.send.map(({ number }) => number));
    }
    expect(sent).toEqual([1]);
  });
});

describe('receiveFragment()', () => {
  const fragment = (number: number, final = true): Fragment => ({ number, final, bytes: filled(2, number) });

  it('starts clean with a newer stream, and passes over an older one', () => {
    const half = receiveFragment(emptyLinkIn, 5, fragment(1, false), start).link;
    const newer = receiveFragment(half, 6, fragment(1), start);
    expect(newer.messages).toEqual([filled(2, 1)]);
    expect(receiveFragment(newer.link, 5, fragment(2), start)).toEqual({ link: newer.link, messages: [] });
  });

  it('acknowledges a short message after a moment, with what comes by then', () => {
    const first = receiveFragment(emptyLinkIn, 1, fragment(1), start).link;
    expect(first.ackAt).toBe(start + ackDelayMs);
    expect(receiveFragment(first, 1, fragment(2), (start + 1) as InstantMs).link.ackAt).toBe(start + ackDelayMs);
    expect(ackDelayMs).toBeLessThan(retransmitMsMin);
  });

  it.each([
    ['of many short ones', Array.from({ length: ackFragmentsMax }, (_, index) => fragment(index + 1))],
    ['of a long one, every second time', [fragment(1, false), fragment(2, false)]],
    ['behind a gap', [fragment(2)]],
    ['that closes a gap', [fragment(2), fragment(1)]],
    ['that came before', [fragment(1), fragment(1)]],
    ['beyond a window', [fragment(windowMax + 1)]],
  ])('acknowledges at once what the sender waits for: a fragment %s', (_, fragments) => {
    const link = fragments.reduce((into, each) => receiveFragment(into, 1, each, start).link, emptyLinkIn);
    expect(link.ackAt).toBe(start);
  });

  it('keeps nothing beyond a window', () => {
    const { link } = receiveFragment(emptyLinkIn, 1, fragment(windowMax + 1), start);
    expect(link.ahead).toEqual([]);
    expect(receiveFragment(emptyLinkIn, 1, fragment(windowMax), start).link.ahead.length).toBe(1);
  });

  it('cuts a message at its bound, so that a broken sender costs no memory', () => {
    let link: LinkIn = emptyLinkIn;
    const fragments = Math.ceil(messageBytesMax / fragmentBytesMax) + 50;
    const bytes = new Uint8Array(fragmentBytesMax);
    for (let number = 1; number <= fragments; number += 1) {
      ({ link } = receiveFragment(link, 1, { number, final: false, bytes }, start));
    }
    expect(link.parts.length * fragmentBytesMax).toBeLessThanOrEqual(messageBytesMax);
  });
});
