/**
 * Netlink messages (netlink(7)): a 16-byte header, a body, padding to 4 bytes; several may be in one datagram.
 * Integers are in the host's byte order, addresses in network order.
 */
import { concatBytes, viewOf } from './bytes.ts';

export const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export type NetlinkMessage = {
  /** NLMSG_* or RTM_* */
  readonly type: number;
  /** NLM_F_* */
  readonly flags: number;
  readonly sequence: number;
  /** Of the socket that asked; 0 in what the kernel says unasked, and in what is sent. */
  readonly portId: number;
  readonly body: Uint8Array;
};

export const netlinkTypes = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export const netlinkFlags = {
  request: 0x1,
  /** In every part of an answer that ends with NLMSG_DONE. */
  multi: 0x2,
  acknowledge: 0x4,
  /** The dump changed while it was read: its parts do not fit together. */
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** In NLMSG_ERROR: the request is not quoted beyond its header. */
  capped: 0x100,
  /** In NLMSG_ERROR: attributes follow the quoted request. */
  hasAttributes: 0x200,
} as const;

export type NetlinkRefusal = 'message-length' | 'attribute-length' | 'body-length' | 'not-an-answer';

export type Refused<Reason extends string = NetlinkRefusal> = { readonly kind: 'refused'; readonly reason: Reason };

/** Padded, so that messages can be joined into one datagram as they are. */
export function encodeMessage(message: NetlinkMessage): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const view = viewOf(header);
  const length = headerBytes + message.body.length;
  view.setUint32(0, length, hostIsLittleEndian);
  view.setUint16(4, message.type, hostIsLittleEndian);
  view.setUint16(6, message.flags, hostIsLittleEndian);
  view.setUint32(8, message.sequence, hostIsLittleEndian);
  view.setUint32(12, message.portId, hostIsLittleEndian);
  return concatBytes([header, message.body, new Uint8Array(alignNetlink(length) - length)]);
}

/** The bodies are views of the datagram. One that does not add up is refused whole. */
export function decodeMessages(
  datagram: Uint8Array,
): { readonly kind: 'messages'; readonly messages: readonly NetlinkMessage[] } | Refused {
  const view = viewOf(datagram);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < datagram.length; ) {
    if (at + headerBytes > datagram.length) return { kind: 'refused', reason: 'message-length' };
    const length = view.getUint32(at, hostIsLittleEndian);
    if (length < headerBytes || at + length > datagram.length) return { kind: 'refused', reason: 'message-length' };
    messages.push({
      type: view.getUint16(at + 4, hostIsLittleEndian),
      flags: view.getUint16(at + 6, hostIsLittleEndian),
      sequence: view.getUint32(at + 8, hostIsLittleEndian),
      portId: view.getUint32(at + 12, hostIsLittleEndian),
      body: datagram.subarray(at + headerBytes, at + length),
    });
    at += alignNetlink(length);
  }
  return { kind: 'messages', messages };
}

/** NLMSG_ALIGN and NLA_ALIGN. */
export function alignNetlink(length: number): number {
  return (length + 3) & ~3;
}

const headerBytes = 16;
