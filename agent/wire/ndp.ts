/** Neighbour discovery (RFC 4861): the two messages that stand in IPv6 where ARP stands in IPv4. Whole frames, both ways. */
import assert from 'node:assert';
import { concatBytes, viewOf } from './bytes.ts';
import { decodeEthernet, encodeEthernet, etherTypes } from './ethernet.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { decodeIcmpv6, encodeIcmpv6, type Icmpv6Refusal } from './ipv6-packet.ts';
import { formatMac, type MacAddress, macBytes } from './mac-address.ts';

export type NeighbourMessage =
  | {
      readonly kind: 'advertisement';
      readonly target: string;
      /** The target's link-layer option, or null without one. */
      readonly targetMac: MacAddress | null;
      readonly router: boolean;
      readonly solicited: boolean;
      readonly override: boolean;
    }
  | {
      readonly kind: 'solicitation';
      readonly target: string;
      /** The sender's link-layer option; null without one, as in duplicate address detection. */
      readonly sourceMac: MacAddress | null;
    };

export type NdpRefusal = Icmpv6Refusal | 'not-ndp' | 'hop-limit' | 'code' | 'target' | 'option';

export type DecodedNdp =
  | {
      readonly kind: 'ndp';
      readonly message: NeighbourMessage;
      /** Of the Ethernet header. */
      readonly frameSource: MacAddress;
      /** Of the IPv6 header; `::` in duplicate address detection. */
      readonly source: string;
      readonly destination: string;
    }
  | { readonly kind: 'refused'; readonly reason: NdpRefusal };

/** An unsolicited advertisement to all nodes (RFC 4861 §7.2.6): S=0, O=1, hop limit 255, with the target's link-layer option. */
export function unsolicitedAdvertisement(
  mac: MacAddress,
  address: string,
  options: { readonly router: boolean },
): Uint8Array {
  const flags = (options.router ? flagRouter : 0) | flagOverride;
  return encodeNdp(mac, {
    source: ipv6Bytes(address),
    destination: allNodes,
    message: concatBytes([head(typeAdvertisement, flags), ipv6Bytes(address), option(optionTargetMac, mac)]),
  });
}

/** A question from the address to one host, which takes the asker's MAC from it (RFC 4861 §7.2.3). */
export function directedSolicitation(mac: MacAddress, address: string, host: string, hostMac?: MacAddress): Uint8Array {
  const target = ipv6Bytes(host);
  const message = concatBytes([head(typeSolicitation, 0), target, option(optionSourceMac, mac)]);
  const source = ipv6Bytes(address);
  if (hostMac === undefined) return encodeNdp(mac, { source, destination: solicitedNode(target), message });
  return encodeNdp(mac, { source, destination: target, message }, hostMac);
}

/**
 * A solicitation as duplicate address detection sends it (RFC 4862 §5.4.2): from `::`, so that nobody's cache learns from the
 * question; an owner answers to all nodes.
 */
export function neighbourProbe(mac: MacAddress, address: string): Uint8Array {
  const target = ipv6Bytes(address);
  return encodeNdp(mac, {
    source: new Uint8Array(16),
    destination: solicitedNode(target),
    message: concatBytes([head(typeSolicitation, 0), target]),
  });
}

/** Checks what RFC 4861 §7.1 says a receiver must, and that nothing else is in it. */
export function decodeNdp(bytes: Uint8Array): DecodedNdp {
  const frame = decodeEthernet(bytes);
  if (frame === null) return { kind: 'refused', reason: 'short' };
  if (frame.etherType !== etherTypes.ipv6) return { kind: 'refused', reason: 'not-ipv6' };
  const decoded = decodeIcmpv6(frame.payload);
  if (decoded.kind === 'refused') return decoded;
  const { message, hopLimit, source, destination } = decoded.packet;
  const type = message[0];
  if (type !== typeAdvertisement && type !== typeSolicitation) return { kind: 'refused', reason: 'not-ndp' };
  if (hopLimit !== 255) return { kind: 'refused', reason: 'hop-limit' }; // it came through a router
  if (message[1] !== 0) return { kind: 'refused', reason: 'code' };
  if (message.length < 24) return { kind: 'refused', reason: 'length' };
  const targetBytes = message.subarray(8, 24);
  if (targetBytes[0] === 0xff) return { kind: 'refused', reason: 'target' };
  const mac = findMac(message.subarray(24), type === typeAdvertisement ? optionTargetMac : optionSourceMac);
  if (mac.kind === 'refused') return mac;
  const flags = message[4] ?? 0;
  const target = formatIpAddress(targetBytes);
  return {
    kind: 'ndp',
    frameSource: frame.source,
    source: formatIpAddress(source),
    destination: formatIpAddress(destination),
    message:
      type === typeSolicitation
        ? { kind: 'solicitation', target, sourceMac: mac.value }
        : {
            kind: 'advertisement',
            target,
            targetMac: mac.value,
            router: (flags & flagRouter) !== 0,
            solicited: (flags & flagSolicited) !== 0,
            override: (flags & flagOverride) !== 0,
          },
  };
}

const typeSolicitation = 135;
const typeAdvertisement = 136;
const optionSourceMac = 1;
const optionTargetMac = 2;
const flagRouter = 0x80;
const flagSolicited = 0x40;
const flagOverride = 0x20;
const allNodes = ipv6Bytes('ff02::1');

function encodeNdp(
  mac: MacAddress,
  packet: { readonly source: Uint8Array; readonly destination: Uint8Array; readonly message: Uint8Array },
  station?: MacAddress,
): Uint8Array {
  const multicast = formatMac(Uint8Array.of(0x33, 0x33, ...packet.destination.subarray(12))); // RFC 2464 §7
  const payload = encodeIcmpv6({ ...packet, hopLimit: 255 });
  return encodeEthernet({ destination: station ?? multicast, source: mac, etherType: etherTypes.ipv6, payload });
}

/** Type, code, checksum, flags and the rest of the reserved word. */
function head(type: number, flags: number): Uint8Array {
  return Uint8Array.of(type, 0, 0, 0, flags, 0, 0, 0);
}

function option(type: number, mac: MacAddress): Uint8Array {
  return Uint8Array.of(type, 1, ...macBytes(mac)); // lengths count units of 8 bytes
}

/** ff02::1:ffXX:XXXX (RFC 4291 §2.7.1) */
function solicitedNode(target: Uint8Array): Uint8Array {
  const group = ipv6Bytes('ff02::1:ff00:0').slice();
  group.set(target.subarray(13), 13);
  return group;
}

function findMac(
  options: Uint8Array,
  wanted: number,
):
  | { readonly kind: 'found'; readonly value: MacAddress | null }
  | { readonly kind: 'refused'; readonly reason: 'option' } {
  const view = viewOf(options);
  let value: MacAddress | null = null;
  for (let at = 0; at < options.length; ) {
    if (at + 2 > options.length) return { kind: 'refused', reason: 'option' };
    const length = view.getUint8(at + 1) * 8;
    if (length === 0 || at + length > options.length) return { kind: 'refused', reason: 'option' };
    if (view.getUint8(at) === wanted && length === 8) value ??= formatMac(options.subarray(at + 2, at + 8));
    at += length;
  }
  return { kind: 'found', value };
}

function ipv6Bytes(address: string): Uint8Array {
  const parsed = parseIpAddress(address);
  assert(parsed?.family === 6, `not an IPv6 address: ${address}`);
  return parsed.bytes;
}
