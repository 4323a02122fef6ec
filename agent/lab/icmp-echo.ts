/** ICMP echo messages (RFC 792; ICMPv6: RFC 4443 §4.1) as the prober sends them: 24 bytes, 16 of them its own. */

export type Family = 4 | 6;

/** What tells one probe from every other; comes back in the answer. */
export type ProbeTag = {
  /** Tells this prober's answers from others': 32 bits. */
  readonly run: number;
  /** Index of the target. */
  readonly target: number;
  /** 32 bits, from 0 up. */
  readonly sequence: number;
};

export const echoReplyType = { 4: 0, 6: 129 } as const;
const echoRequestType = { 4: 8, 6: 128 } as const;
export const icmpProtocol = { 4: 1, 6: 58 } as const;

const messageBytes = 24;
const ipv4HeaderBytesMin = 20;

/** A message to be sent again and again: only the tag and the checksum change. */
export function echoRequest(family: Family, run: number, target: number): Uint8Array {
  const message = new Uint8Array(messageBytes);
  const view = viewOf(message);
  message[0] = echoRequestType[family];
  view.setUint16(4, run & 0xffff);
  view.setUint32(8, run);
  view.setUint32(12, target);
  return message;
}

/** Writes the sequence number, and for ICMPv4 the checksum; that of ICMPv6 needs addresses and is the kernel's to fill in. */
export function setSequence(message: Uint8Array, family: Family, sequence: number): void {
  const view = viewOf(message);
  view.setUint16(6, sequence & 0xffff);
  view.setUint32(16, sequence);
  if (family === 6) return;
  view.setUint16(2, 0);
  view.setUint16(2, internetChecksum(message));
}

/** The tag of an echo reply as a raw socket gives it (IPv4: with its IP header), or null for anything else. */
export function readReply(family: Family, datagram: Uint8Array): ProbeTag | null {
  const start = family === 4 ? ((datagram[0] ?? 0) & 0x0f) * 4 : 0;
  if (family === 4 && start < ipv4HeaderBytesMin) return null;
  if (datagram.length < start + messageBytes || datagram[start] !== echoReplyType[family]) return null;
  const view = new DataView(datagram.buffer, datagram.byteOffset + start, messageBytes);
  return { run: view.getUint32(8), target: view.getUint32(12), sequence: view.getUint32(16) };
}

/** RFC 1071, over an even number of bytes. */
function internetChecksum(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
