/** The receiving half of a link: fragments in order become messages; those ahead of a gap wait for it to close. */
import { messageBytesMax, windowMax } from './bounds.ts';
import type { Fragment } from './link-out.ts';

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
  /** Something arrived since the last acknowledgement. */
  readonly ackDue: boolean;
};

export const emptyLinkIn: LinkIn = { epoch: 0, expected: 1, ahead: [], parts: [], partsBytes: 0, ackDue: false };

/** Written out: see `copyOfState`. */
export function changedLinkIn(link: LinkIn, change: Partial<LinkIn>): LinkIn {
  const { epoch, expected, ahead, parts, partsBytes, ackDue } = link;
  return Object.assign({ epoch, expected, ahead, parts, partsBytes, ackDue }, change);
}

export function receiveFragment(
  former: LinkIn,
  epoch: number,
  fragment: Fragment,
): { link: LinkIn; messages: readonly Uint8Array[] } {
  if (epoch < former.epoch) return { link: former, messages: [] };
  const link = epoch > former.epoch ? changedLinkIn(emptyLinkIn, { epoch }) : former;
  if (fragment.number < link.expected || fragment.number >= link.expected + windowMax) {
    return { link: changedLinkIn(link, { ackDue: true }), messages: [] };
  }
  if (fragment.number > link.expected)
    return { link: changedLinkIn(link, { ahead: insert(link.ahead, fragment), ackDue: true }), messages: [] };
  if (fragment.final && link.parts.length === 0 && link.ahead.length === 0) {
    const { epoch: current, expected: number, ahead, parts } = link;
    const next = { epoch: current, expected: number + 1, ahead, parts, partsBytes: 0, ackDue: true };
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
  return { link: changedLinkIn(link, { expected, parts, partsBytes, ahead, ackDue: true }), messages };
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
