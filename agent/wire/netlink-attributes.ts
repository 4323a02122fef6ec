/** Netlink attributes: type, length, value, padding to 4 bytes. A nested attribute's value is attributes again. */
import { concatBytes, viewOf } from './bytes.ts';
import { alignNetlink, hostIsLittleEndian, type Refused } from './netlink.ts';

export type Attribute = readonly [type: number, value: Uint8Array];

export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [type, value] of attributes) {
    const header = new Uint8Array(4);
    viewOf(header).setUint16(0, 4 + value.length, hostIsLittleEndian);
    viewOf(header).setUint16(2, type, hostIsLittleEndian);
    parts.push(header, value, new Uint8Array(alignNetlink(value.length) - value.length));
  }
  return concatBytes(parts);
}

/** By type, without its flag bits (NLA_F_NESTED, NLA_F_NET_BYTEORDER). Of several of one type the last counts, as in the kernel. */
export function decodeAttributes(
  bytes: Uint8Array,
): { readonly kind: 'attributes'; readonly attributes: ReadonlyMap<number, Uint8Array> } | Refused {
  const view = viewOf(bytes);
  const attributes = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return { kind: 'refused', reason: 'attribute-length' };
    const length = view.getUint16(at, hostIsLittleEndian);
    if (length < 4 || at + length > bytes.length) return { kind: 'refused', reason: 'attribute-length' };
    attributes.set(view.getUint16(at + 2, hostIsLittleEndian) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += alignNetlink(length);
  }
  return { kind: 'attributes', attributes };
}

export function uint8Value(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function uint32Value(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  for (const [at, value] of values.entries()) viewOf(bytes).setUint32(4 * at, value, hostIsLittleEndian);
  return bytes;
}

/** With the zero byte the kernel ends names with. */
export function stringValue(text: string): Uint8Array {
  return concatBytes([new TextEncoder().encode(text), Uint8Array.of(0)]);
}

/** Null where the attribute is absent or too short for it. */
export function readUint8(value: Uint8Array | undefined): number | null {
  return value?.[0] ?? null;
}

/** @param word which of several, from 0. Null where the attribute is absent or too short for it. */
export function readUint32(value: Uint8Array | undefined, word = 0): number | null {
  if (value === undefined || value.length < 4 * (word + 1)) return null;
  return viewOf(value).getUint32(4 * word, hostIsLittleEndian);
}

/** Up to the zero byte. Null where the attribute is absent. */
export function readString(value: Uint8Array | undefined): string | null {
  if (value === undefined) return null;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}
