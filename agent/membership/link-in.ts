/** The receiving half of a link: fragments in order become messages; those ahead of a gap wait for it to close. */
import { ackDelayMs, ackFragmentsMax, messageBytesMax, windowMax } from './bounds.ts';
import type { Fragment } from './link-out.ts';
import { type InstantMs, later } from './view.ts';

export type LinkIn = {
  /** Of the peer's stream; 0 before its first fragment. */
  readonly epoch: number;
  /** Number of the next fragment in order. */
  readonly expected: number;
  /** Sorted by number, all above `expected`, at most a window of them. */
  readonly ahead: readonly Fragment[];
  /** Of the message that is arriving. */
  readonly parts: readonly Uint8Array[];
  readonly partsBytes: number;
  /** Fragments that arrived since the last acknowledgement. */
  readonly unacknowledged: number;
  /** When they are acknowledged; null: there are none. */
  readonly ackAt: InstantMs | null;
};

export const emptyLinkIn: LinkIn = {
  epoch: 0,
  expected: 1,
  ahead: [],
  parts: [],
  partsBytes: 0,
  unacknowledged: 0,
  ackAt: null,
};

/** Written out: see `copyOfState`. */
export function changedLinkIn(link: LinkIn, change: Partial<LinkIn>): LinkIn {
  const { epoch, expected, ahead, parts, partsBytes, unacknowledged, ackAt } = link;
  return Object.assign({ epoch, expected, ahead, parts, partsBytes, unacknowledged, ackAt }, change);
}

/** Acknowledged at once is what closes no gap (RFC 5681 §4.2), and every second one of a long message; another may wait for more. */
export function receiveFragment(
  former: LinkIn,
  epoch: number,
  fragment: Fragment,
  now: InstantMs,
): { link: LinkIn; messages: readonly Uint8Array[] } {
  if (epoch < former.epoch) return { link: former, messages: [] };
  const link = epoch > former.epoch ? changedLinkIn(emptyLinkIn, { epoch }) : former;
  if (fragment.number < link.expected || fragment.number >= link.expected + windowMax) {
    return { link: changedLinkIn(link, { ackAt: now }), messages: [] };
  }
  if (fragment.number > link.expected)
    return { link: changedLinkIn(link, { ahead: insert(link.ahead, fragment), ackAt: now }), messages: [] };
  const unacknowledged = link.unacknowledged + 1;
  const hurries = link.ahead.length > 0 || unacknowledged >= (fragment.final ? ackFragmentsMax : 2);
  const ackAt = hurries ? now : (link.ackAt ?? later(now, ackDelayMs));
  if (fragment.final && link.parts.length === 0 && link.ahead.length === 0) {
    const { epoch: current, expected: number, ahead, parts } = link;
    const next = { epoch: current, expected: number + 1, ahead, parts, partsBytes: 0, unacknowledged, ackAt };
    return { link: next, messages: [fragment.bytes] };
  }
  const messages: Uint8Array[] = [];
  let { expected, parts, partsBytes } = link;
  let used = 0;
  for (let next: Fragment | undefined = fragment; next?.number === expected; next = link.ahead[used++]) {
    expected += 1;
    partsBytes += next.bytes.length;
    // A message above the bound is cut short here and fails to decode: the sender breaks the protocol.
    if (partsBytes <= messageBytesMax) parts = [...parts, next.bytes];
    if (next.final) {
      messages.push(join(parts));
      parts = [];
      partsBytes = 0;
    }
  }
  const ahead = link.ahead.filter((waiting) => waiting.number >= expected);
  return { link: changedLinkIn(link, { expected, parts, partsBytes, ahead, unacknowledged, ackAt }), messages };
}

function insert(ahead: readonly Fragment[], fragment: Fragment): readonly Fragment[] {
  const index = ahead.findIndex((waiting) => waiting.number >= fragment.number);
  if (index < 0) return [...ahead, fragment];
  if (ahead[index]?.number === fragment.number) return ahead;
  return [...ahead.slice(0, index), fragment, ...ahead.slice(index)];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
