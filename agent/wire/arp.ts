/** ARP for IPv4 over Ethernet (RFC 826), and the three packets RFC 5227 makes of it. Whole frames, both ways. */
import assert from 'node:assert';
import { viewOf } from './bytes.ts';
import { decodeEthernet, etherTypes } from './ethernet.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { broadcastMac, formatMac, type MacAddress, writeMac, zeroMac } from './mac-address.ts';

export type ArpPacket = {
  readonly operation: 'request' | 'reply';
  readonly senderMac: MacAddress;
  /** IPv4, dotted decimal; 0.0.0.0 in a probe. */
  readonly senderAddress: string;
  readonly targetMac: MacAddress;
  readonly targetAddress: string;
};

export type ArpRefusal = 'short' | 'not-arp' | 'not-ipv4-over-ethernet' | 'operation';

export type DecodedArp =
  | { readonly kind: 'arp'; readonly packet: ArpPacket; readonly source: MacAddress; readonly destination: MacAddress }
  | { readonly kind: 'refused'; readonly reason: ArpRefusal };

/** An announcement is a request for the sender's own address (RFC 5227 §2.3). */
export function arpAnnouncementRequest(mac: MacAddress, address: string): Uint8Array {
  return encodeArp(broadcastMac, {
    operation: 'request',
    senderMac: mac,
    senderAddress: address,
    targetMac: zeroMac,
    targetAddress: address,
  });
}

/**
 * The same as a reply, for receivers that learn from replies only. Target MAC = sender MAC: within its locktime Linux lets a
 * broadcast reply override an entry only so.
 */
export function arpAnnouncementReply(mac: MacAddress, address: string): Uint8Array {
  return encodeArp(broadcastMac, {
    operation: 'reply',
    senderMac: mac,
    senderAddress: address,
    targetMac: mac,
    targetAddress: address,
  });
}

/**
 * A question from the address to one host: it takes the asker's MAC as it is asked (RFC 826), and needs no locktime to pass.
 * @param hostMac where the frame goes; to all where it is not known
 */
export function arpDirected(mac: MacAddress, address: string, host: string, hostMac = broadcastMac): Uint8Array {
  return encodeArp(hostMac, {
    operation: 'request',
    senderMac: mac,
    senderAddress: address,
    targetMac: zeroMac,
    targetAddress: host,
  });
}

/** Sender address 0.0.0.0, so that nobody's cache learns from the question (RFC 5227 §2.1.1). */
export function arpProbe(mac: MacAddress, address: string): Uint8Array {
  return encodeArp(broadcastMac, {
    operation: 'request',
    senderMac: mac,
    senderAddress: '0.0.0.0',
    targetMac: zeroMac,
    targetAddress: address,
  });
}

/** The Ethernet source is the packet's sender. */
export function encodeArp(destination: MacAddress, packet: ArpPacket): Uint8Array {
  const frame = new Uint8Array(arpFrameBytes);
  writeMac(frame, 0, destination);
  writeMac(frame, 6, packet.senderMac);
  const view = viewOf(frame);
  view.setUint16(12, etherTypes.arp);
  view.setUint16(14, hardwareEthernet);
  view.setUint16(16, etherTypes.ipv4);
  view.setUint16(18, addressLengths);
  view.setUint16(20, packet.operation === 'request' ? 1 : 2);
  writeMac(frame, 22, packet.senderMac);
  writeIpv4(view, 28, packet.senderAddress);
  writeMac(frame, 32, packet.targetMac);
  writeIpv4(view, 38, packet.targetAddress);
  return frame;
}

export function decodeArp(bytes: Uint8Array): DecodedArp {
  const frame = decodeEthernet(bytes);
  if (frame === null) return { kind: 'refused', reason: 'short' };
  if (frame.etherType !== etherTypes.arp) return { kind: 'refused', reason: 'not-arp' };
  const { payload } = frame;
  if (payload.length < 28) return { kind: 'refused', reason: 'short' };
  const view = viewOf(payload);
  if (
    view.getUint16(0) !== hardwareEthernet ||
    view.getUint16(2) !== etherTypes.ipv4 ||
    view.getUint16(4) !== addressLengths
  ) {
    return { kind: 'refused', reason: 'not-ipv4-over-ethernet' };
  }
  const operation = view.getUint16(6);
  if (operation !== 1 && operation !== 2) return { kind: 'refused', reason: 'operation' };
  const packet: ArpPacket = {
    operation: operation === 1 ? 'request' : 'reply',
    senderMac: formatMac(payload.subarray(8, 14)),
    senderAddress: formatIpAddress(payload.subarray(14, 18)),
    targetMac: formatMac(payload.subarray(18, 24)),
    targetAddress: formatIpAddress(payload.subarray(24, 28)),
  };
  return { kind: 'arp', packet, source: frame.source, destination: frame.destination };
}

const hardwareEthernet = 1;
/** 6 bytes of MAC, 4 of IPv4. */
const addressLengths = 0x0604;
const arpFrameBytes = 14 + 28;

function writeIpv4(view: DataView, offset: number, address: string): void {
  const parsed = parseIpAddress(address);
  assert(parsed?.family === 4, `not an IPv4 address: ${address}`);
  view.setUint32(offset, viewOf(parsed.bytes).getUint32(0));
}
