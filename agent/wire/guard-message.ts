/**
 * What agent and guard say to each other: type 1 | 0 | sequence 2 | length 4 | body, all big-endian. The other side is C,
 * native/guard/link.c and door.c, with the same bounds.
 */
import { concatBytes, viewOf } from './bytes.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { formatMac, type MacAddress, macBytes } from './mac-address.ts';

export type GuardedAddress = {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number;
  readonly interfaceIndex: number;
  /** Of the interface: who else announces the address has another. */
  readonly mac: MacAddress;
  /** On its way to another host, whose announcement is expected. */
  readonly giving: boolean;
  /** IPv6 under `preferred_source`: renewed as preferred, so that the host goes on speaking from it. */
  readonly preferred: boolean;
  /** How long after the agent's last sign the guard removes it, whoever has it then, `guardFenceMsMax` at most; 0: not before another host has it. */
  readonly fenceMs: number;
  /** That time runs since the guard was told, whatever signs the agent gives. From a guard: what is left of it, and false. */
  readonly fixed: boolean;
};

/** The last words of an incarnation on one path, sealed beforehand: one frame for each round in which they are sent. */
export type SealedObituary = {
  readonly source: string;
  readonly port: number;
  readonly multicast: boolean;
  /** For IPv6 multicast and link-local addresses; 0: as the routes say. */
  readonly interfaceIndex: number;
  readonly destinations: readonly string[];
  readonly frames: readonly Uint8Array[];
};

export type GuardMessage =
  | { readonly kind: 'hold' | 'drop'; readonly addresses: readonly GuardedAddress[] }
  | { readonly kind: 'obituary'; readonly obituaries: readonly SealedObituary[] }
  /** The agent is about to end for a restart: no obituary for so long. */
  | { readonly kind: 'keep'; readonly ms: number }
  /** The main loop runs. Not acknowledged, as is `end`. */
  | { readonly kind: 'progress' }
  /** The agent ends and leaves nothing behind. */
  | { readonly kind: 'end' };

/** Acknowledges the message of that sequence number; 0: the guard has started. */
export type GuardAnswer = { readonly sequence: number; readonly done: boolean };

/** More are sent in several messages. */
export const guardedAddressesMax = 512;
/** Sixteen bits of a record; beyond are patiences of 50 s. */
export const guardFenceMsMax = 0xffff;
export const obituaryRounds = 4;
const recordBytes = 32;
const headerBytes = 8;
const answerBytes = headerBytes + 1;
const givingFlag = 1;
const preferredFlag = 2;
const fixedFlag = 4;
const multicastFlag = 1;

const types = { hold: 'H', drop: 'D', obituary: 'O', keep: 'K', progress: 'P', end: 'E' } as const;

/** @param sequence 1..65535 */
export function encodeGuardMessage(message: GuardMessage, sequence: number): Uint8Array {
  const body = bodyOf(message);
  const header = new Uint8Array(headerBytes);
  const view = viewOf(header);
  view.setUint8(0, types[message.kind].charCodeAt(0));
  view.setUint16(2, sequence);
  view.setUint32(4, body.length);
  return concatBytes([header, body]);
}

/** The answers in a stream, and the bytes after the last whole one. Anything else in it: refused. */
export function decodeGuardAnswers(
  bytes: Uint8Array,
):
  | { readonly kind: 'answers'; readonly answers: readonly GuardAnswer[]; readonly rest: Uint8Array }
  | { readonly kind: 'refused' } {
  const answers: GuardAnswer[] = [];
  let at = 0;
  for (; bytes.length - at >= answerBytes; at += answerBytes) {
    const view = viewOf(bytes.subarray(at, at + answerBytes));
    if (view.getUint8(0) !== 'A'.charCodeAt(0) || view.getUint32(4) !== 1) return { kind: 'refused' };
    answers.push({ sequence: view.getUint16(2), done: view.getUint8(headerBytes) === 0 });
  }
  return { kind: 'answers', answers, rest: bytes.subarray(at) };
}

/** What a guard answers who comes after the agent. busy: the agent lives. */
export type DoorAnswer =
  | { readonly kind: 'held'; readonly addresses: readonly GuardedAddress[] }
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused' };

/** @param bytes all there was until it hung up */
export function decodeHandover(bytes: Uint8Array): DoorAnswer {
  const count = decodeCount(bytes);
  if (count.kind !== 'count') return count;
  if (bytes.length !== 5 + count.count * recordBytes) return { kind: 'refused' };
  const addresses: GuardedAddress[] = [];
  for (let at = 5; at < bytes.length; at += recordBytes) {
    const address = decodeRecord(bytes.subarray(at, at + recordBytes));
    if (address === null) return { kind: 'refused' };
    addresses.push(address);
  }
  return { kind: 'held', addresses };
}

/** Of a release: how many were removed. */
export function decodeCount(
  bytes: Uint8Array,
): { readonly kind: 'count'; readonly count: number } | { readonly kind: 'busy' } | { readonly kind: 'refused' } {
  if (bytes[0] === 'N'.charCodeAt(0) && bytes.length === 1) return { kind: 'busy' };
  if (bytes[0] !== 'Y'.charCodeAt(0) || bytes.length < 5) return { kind: 'refused' };
  return { kind: 'count', count: viewOf(bytes).getUint32(1) };
}

function bodyOf(message: GuardMessage): Uint8Array {
  switch (message.kind) {
    case 'hold':
    case 'drop':
      return concatBytes(message.addresses.map(encodeRecord));
    case 'obituary':
      return concatBytes(message.obituaries.map(encodeObituary));
    case 'keep': {
      const body = new Uint8Array(4);
      viewOf(body).setUint32(0, message.ms);
      return body;
    }
    case 'progress':
    case 'end':
      return new Uint8Array(0);
  }
}

function encodeRecord(address: GuardedAddress): Uint8Array {
  const record = new Uint8Array(recordBytes);
  viewOf(record).setUint32(0, address.interfaceIndex);
  record[4] = address.family;
  record[5] = address.prefixLength;
  record[6] =
    (address.giving ? givingFlag : 0) | (address.preferred ? preferredFlag : 0) | (address.fixed ? fixedFlag : 0);
  record.set(macBytes(address.mac), 8);
  viewOf(record).setUint16(14, Math.min(address.fenceMs, guardFenceMsMax));
  record.set(ipBytes(address.address), 16);
  return record;
}

function decodeRecord(record: Uint8Array): GuardedAddress | null {
  const [family, prefixLength = 0, flags = 0] = record.subarray(4);
  if ((family !== 4 && family !== 6) || prefixLength > (family === 4 ? 32 : 128)) return null;
  return {
    family,
    address: formatIpAddress(record.subarray(16, family === 4 ? 20 : 32)),
    prefixLength,
    interfaceIndex: viewOf(record).getUint32(0),
    mac: formatMac(record.subarray(8, 14)),
    giving: (flags & givingFlag) !== 0,
    preferred: (flags & preferredFlag) !== 0,
    fenceMs: viewOf(record).getUint16(14),
    fixed: (flags & fixedFlag) !== 0,
  };
}

function encodeObituary({ source, port, multicast, interfaceIndex, destinations, frames }: SealedObituary): Uint8Array {
  const head = new Uint8Array(25 + 16 * destinations.length);
  const view = viewOf(head);
  view.setUint8(0, source.includes(':') ? 6 : 4);
  view.setUint8(1, multicast ? multicastFlag : 0);
  view.setUint16(2, port);
  view.setUint32(4, interfaceIndex);
  head.set(ipBytes(source), 8);
  view.setUint8(24, destinations.length);
  for (const [at, destination] of destinations.entries()) head.set(ipBytes(destination), 25 + 16 * at);
  return concatBytes([head, ...frames.slice(0, obituaryRounds).flatMap((frame) => [lengthOf(frame), frame])]);
}

function lengthOf(frame: Uint8Array): Uint8Array {
  const length = new Uint8Array(2);
  viewOf(length).setUint16(0, frame.length);
  return length;
}

function ipBytes(text: string): Uint8Array {
  const parsed = parseIpAddress(text);
  if (parsed === null) throw new RangeError(`Cannot tell the guard of ${text}: not an IP address`);
  return parsed.bytes;
}
