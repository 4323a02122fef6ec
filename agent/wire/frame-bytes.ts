/** A cursor that writes and one that reads the fields of membership frames. All numbers are big-endian. */
import type { Incarnation } from '../membership/identity.ts';
import type { HostName, MemberId, ViewId } from '../membership/view.ts';
import { viewOf } from './bytes.ts';

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
export const incarnationBytes = 16;

export class FrameWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  /** @param bytesExpected grows by doubling where more is written */
  constructor(bytesExpected: number) {
    this.#bytes = new Uint8Array(bytesExpected);
    this.#view = viewOf(this.#bytes);
  }

  /** What was written, not copied. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
  }

  /** Whole numbers up to 2^53 - 1 in 8 bytes. */
  u53(value: number): void {
    this.u32(Math.floor(value / 2 ** 32));
    this.u32(value % 2 ** 32);
  }

  /** Whole numbers below 2^32 in 1 to 5 bytes, 7 bits each, the lowest first (LEB128). */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.u8(0x80 | (rest % 0x80));
    this.u8(rest);
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  incarnation(value: Incarnation): void {
    const at = this.#grow(incarnationBytes);
    for (let index = 0; index < incarnationBytes; index += 1) {
      this.#bytes[at + index] = Number.parseInt(value.slice(2 * index, 2 * index + 2), 16);
    }
  }

  /** Host names are ASCII, at most 255 characters. */
  member(value: MemberId): void {
    const slash = value.lastIndexOf('/');
    this.u8(slash);
    for (let index = 0; index < slash; index += 1) this.u8(value.charCodeAt(index));
    this.incarnation(value.slice(slash + 1) as Incarnation); // the part of a MemberId after its slash
  }

  viewId(value: ViewId): void {
    this.u53(value.counter);
    this.member(value.leader);
  }

  maybeViewId(value: ViewId | null): void {
    this.u8(value === null ? 0 : 1);
    if (value !== null) this.viewId(value);
  }

  /** Called before #bytes and #view are read: it may replace them. */
  #grow(by: number): number {
    const at = this.#length;
    this.#length += by;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = viewOf(larger);
    }
    return at;
  }
}

/** Thrown by a reader and caught in the codec that uses it: a refusal is a value to everybody else. */
export class MalformedFrame extends Error {}

export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u53(): number {
    const high = this.u32();
    if (high >= 2 ** 21) throw new MalformedFrame('a number above 2^53 - 1');
    return high * 2 ** 32 + this.u32();
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw new MalformedFrame('a count above 2^32 - 1');
  }

  /** Not copied. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Not copied. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  incarnation(): Incarnation {
    return hexOf(this.bytes(incarnationBytes)) as Incarnation; // 16 bytes give 32 hex digits
  }

  member(): MemberId {
    const host = this.#host();
    return `${host}/${this.incarnation()}` as MemberId; // a checked host name and an incarnation
  }

  viewId(): ViewId {
    const counter = this.u53();
    if (counter === 0) throw new MalformedFrame('a view with the counter 0');
    return { counter, leader: this.member() };
  }

  maybeViewId(): ViewId | null {
    return this.u8() === 0 ? null : this.viewId();
  }

  /** From 1 up. */
  level(): number {
    const level = this.u8();
    if (level === 0) throw new MalformedFrame('the level 0');
    return level;
  }

  list<T>(length: number, read: () => T): readonly T[] {
    const items: T[] = [];
    for (let index = 0; index < length; index += 1) items.push(read());
    return items;
  }

  #host(): HostName {
    const bytes = this.bytes(this.u8());
    let text = '';
    for (const byte of bytes) {
      // Printable, and nothing that could be taken for the end of the name.
      if (byte <= 0x20 || byte >= 0x7f || byte === 0x2f) throw new MalformedFrame('a host name with other characters');
      text += String.fromCharCode(byte);
    }
    if (text === '') throw new MalformedFrame('an empty host name');
    return text as HostName; // checked above
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new MalformedFrame('it ends too early');
    this.#at = at + length;
    return at;
  }
}

export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += hexOfByte[byte];
  return text;
}
