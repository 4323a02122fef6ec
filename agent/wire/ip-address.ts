/**
 * IP addresses, text <-> bytes. node:net could check the text, but it has no bytes, and the pure folders do not import it;
 * the tests hold this parser against it.
 */
import assert from 'node:assert';

export type ParsedIpAddress = {
  readonly family: 4 | 6;
  /** 4 or 16 bytes, network order. */
  readonly bytes: Uint8Array;
};

/** Strict as `net.isIP`: no leading zeros in IPv4, no zone (`%eth0`), no prefix length. */
export function parseIpAddress(text: string): ParsedIpAddress | null {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes === null) return null;
  return { family: bytes.length === 4 ? 4 : 6, bytes: new Uint8Array(bytes) };
}

/** Canonical: dotted decimal, or RFC 5952 (§5: mixed notation for IPv4-mapped addresses). @param bytes 4 or 16 */
export function formatIpAddress(bytes: Uint8Array): string {
  assert(bytes.length === 4 || bytes.length === 16, 'an IP address has 4 or 16 bytes');
  return bytes.length === 4 ? bytes.join('.') : formatIpv6(bytes);
}

/** The canonical form of an address in any form, or null where it is none. */
export function canonicalIpAddress(text: string): string | null {
  const parsed = parseIpAddress(text);
  return parsed === null ? null : formatIpAddress(parsed.bytes);
}

/** By hand rather than by a pattern: a thousand addresses are announced before that would be compiled. */
function parseIpv4(text: string): number[] | null {
  const bytes: number[] = [];
  let value = -1; // no digit yet
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : dot;
    if (code === dot) {
      if (value < 0 || bytes.push(value) > 4) return null;
      value = -1;
    } else {
      const digit = code - zero;
      if (digit < 0 || digit > 9 || value === 0) return null; // a leading zero would be octal to some
      value = value < 0 ? digit : 10 * value + digit;
      if (value > 255) return null;
    }
  }
  return bytes.length === 4 ? bytes : null;
}

const dot = 0x2e;
const zero = 0x30;

function parseIpv6(text: string): number[] | null {
  const halves = text.split('::', 3);
  if (halves.length > 2) return null;
  const compressed = halves.length === 2;
  const head = parseGroups(halves[0] ?? '', !compressed);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  // `::` stands for at least one group, as inet_pton has it.
  if (compressed ? missing < 2 : missing !== 0) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups without `::`. An IPv4 address may be the last, where nothing follows. */
function parseGroups(text: string, atEnd: boolean): number[] | null {
  if (text === '') return [];
  const groups = text.split(':', 9);
  const bytes: number[] = [];
  for (const [at, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const mixed = atEnd && at === groups.length - 1 ? parseIpv4(group) : null;
    if (mixed === null) return null;
    bytes.push(...mixed);
  }
  return bytes.length <= 16 ? bytes : null;
}

function formatIpv6(bytes: Uint8Array): string {
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff) {
    return `::ffff:${bytes.subarray(12).join('.')}`;
  }
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  const zeros = longestZeroRun(groups);
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (zeros.length < 2) return text(groups); // RFC 5952 §4.2.2: `::` is not for one group
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`;
}

/** The first of the longest runs (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at++) {
    if (groups[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
}
