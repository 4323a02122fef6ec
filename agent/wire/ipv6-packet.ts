/** The IPv6 header (RFC 8200 §3) around ICMPv6, with the checksum over its pseudo-header (§8.1). */
import { concatBytes, viewOf } from './bytes.ts';

export type Icmpv6Packet = {
  /** 16 bytes each. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly hopLimit: number;
  /** From the type on, checksum included. */
  readonly message: Uint8Array;
};

export type Icmpv6Refusal = 'short' | 'not-ipv6' | 'length' | 'not-icmpv6' | 'checksum';

/** @param packet.message with any checksum: it is computed here */
export function encodeIcmpv6(packet: Icmpv6Packet): Uint8Array {
  const header = new Uint8Array(40);
  const view = viewOf(header);
  view.setUint8(0, 6 << 4);
  view.setUint16(4, packet.message.length);
  view.setUint8(6, nextHeaderIcmpv6);
  view.setUint8(7, packet.hopLimit);
  header.set(packet.source, 8);
  header.set(packet.destination, 24);
  const message = packet.message.slice();
  viewOf(message).setUint16(2, 0);
  viewOf(message).setUint16(2, checksum(packet.source, packet.destination, message));
  return concatBytes([header, message]);
}

/** Extension headers are refused: neighbour discovery has none that matters here. Padding behind the packet is cut off. */
export function decodeIcmpv6(
  bytes: Uint8Array,
):
  | { readonly kind: 'icmpv6'; readonly packet: Icmpv6Packet }
  | { readonly kind: 'refused'; readonly reason: Icmpv6Refusal } {
  if (bytes.length < 40) return { kind: 'refused', reason: 'short' };
  const view = viewOf(bytes);
  if (view.getUint8(0) >> 4 !== 6) return { kind: 'refused', reason: 'not-ipv6' };
  const length = view.getUint16(4);
  if (view.getUint8(6) !== nextHeaderIcmpv6) return { kind: 'refused', reason: 'not-icmpv6' };
  if (length < 4 || 40 + length > bytes.length) return { kind: 'refused', reason: 'length' };
  const source = bytes.slice(8, 24);
  const destination = bytes.slice(24, 40);
  const message = bytes.slice(40, 40 + length);
  // Over bytes that hold the right checksum the sum is 0xffff, and its complement 0.
  if (checksum(source, destination, message) !== 0) return { kind: 'refused', reason: 'checksum' };
  return { kind: 'icmpv6', packet: { source, destination, hopLimit: view.getUint8(7), message } };
}

const nextHeaderIcmpv6 = 58;

function checksum(source: Uint8Array, destination: Uint8Array, message: Uint8Array): number {
  const total = sum16(source) + sum16(destination) + message.length + nextHeaderIcmpv6 + sum16(message);
  const folded = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~((folded & 0xffff) + (folded >> 16)) & 0xffff;
}

function sum16(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return sum;
}
