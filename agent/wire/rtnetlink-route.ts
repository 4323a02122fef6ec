/** RTM_GETROUTE for one destination, or for the main table, and the answers: `struct rtmsg` and its attributes (linux/rtnetlink.h). */
import assert from 'node:assert';
import { concatBytes, viewOf } from './bytes.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { alignNetlink, hostIsLittleEndian, type Refused } from './netlink.ts';
import { decodeAttributes, encodeAttributes, readUint32, uint32Value } from './netlink-attributes.ts';
import { familyOf, ipVersion } from './rtnetlink.ts';

export type KernelRoute = {
  readonly family: 4 | 6;
  readonly interfaceIndex: number | null;
  /** Canonical text; null where the destination is on the link, or the gateway is of the other IP version. */
  readonly gateway: string | null;
};

export type RouteRefusal = 'family' | 'body-length' | 'attribute-length';

/** Which way a packet to `destination` would go out of the interface. Not a dump: a router may have a million routes. */
export function encodeRouteLookup(destination: string, interfaceIndex: number): Uint8Array {
  const parsed = parseIpAddress(destination);
  assert(parsed !== null, `not an IP address: ${destination}`);
  const header = new Uint8Array(headerBytes);
  header[0] = familyOf(parsed.family);
  header[1] = parsed.bytes.length * 8;
  const attributes = encodeAttributes([
    [rtaDestination, parsed.bytes],
    [rtaOutputInterface, uint32Value(interfaceIndex)],
  ]);
  return concatBytes([header, attributes]);
}

/** The unicast routes of the main table that leave through the interface: strict checking makes the kernel pick them (ip_valid_fib_dump_req). */
export function encodeRouteDump(family: 4 | 6, interfaceIndex: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = familyOf(family);
  header[4] = tableMain;
  header[7] = unicast;
  return concatBytes([header, encodeAttributes([[rtaOutputInterface, uint32Value(interfaceIndex)]])]);
}

/**
 * The gateways of a route out of one interface, in canonical text; none where it is not a unicast route of the main table. One of an IPv4
 * route may be an IPv6 address (RTA_VIA, RFC 8950).
 *
 * @param body of RTM_NEWROUTE
 */
export function decodeNextHops(
  body: Uint8Array,
  interfaceIndex: number,
): { readonly kind: 'next-hops'; readonly gateways: readonly string[] } | Refused<RouteRefusal> {
  if (body.length < headerBytes) return { kind: 'refused', reason: 'body-length' };
  const family = ipVersion(viewOf(body).getUint8(0));
  if (family === null) return { kind: 'refused', reason: 'family' };
  const decoded = decodeAttributes(body.subarray(headerBytes));
  if (decoded.kind === 'refused') return { kind: 'refused', reason: 'attribute-length' };
  const { attributes } = decoded;
  const table = readUint32(attributes.get(rtaTable)) ?? body[4];
  if (table !== tableMain || body[7] !== unicast) return { kind: 'next-hops', gateways: [] };
  const several = attributes.get(rtaMultipath);
  const hops = several === undefined ? [attributes] : multipathHops(several);
  if (hops === null) return { kind: 'refused', reason: 'attribute-length' };
  const here = hops.filter((hop) => readUint32(hop.get(rtaOutputInterface)) === interfaceIndex);
  return { kind: 'next-hops', gateways: here.flatMap((hop) => gatewayOf(hop, family)) };
}

type Attributes = ReadonlyMap<number, Uint8Array>;

/** `struct rtnexthop`s, each with attributes behind it: length, flags, weight, interface. Null where they do not add up. */
function multipathHops(bytes: Uint8Array): readonly Attributes[] | null {
  const hops: Attributes[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + nextHopBytes > bytes.length) return null;
    const length = viewOf(bytes).getUint16(at, hostIsLittleEndian);
    if (length < nextHopBytes || at + length > bytes.length) return null;
    const decoded = decodeAttributes(bytes.subarray(at + nextHopBytes, at + length));
    if (decoded.kind === 'refused') return null;
    hops.push(new Map([...decoded.attributes, [rtaOutputInterface, bytes.subarray(at + 4, at + 8)]]));
    at += alignNetlink(length);
  }
  return hops;
}

function gatewayOf(attributes: Attributes, family: 4 | 6): readonly string[] {
  const gateway = attributes.get(rtaGateway);
  if (gateway?.length === (family === 4 ? 4 : 16)) return [formatIpAddress(gateway)];
  const via = attributes.get(rtaVia); // its address family, then the address
  if (via === undefined || via.length < 2) return [];
  const address = via.subarray(2);
  const version = ipVersion(viewOf(via).getUint16(0, hostIsLittleEndian));
  return version !== null && address.length === (version === 4 ? 4 : 16) ? [formatIpAddress(address)] : [];
}

/** @param body of RTM_NEWROUTE */
export function decodeRoute(
  body: Uint8Array,
): { readonly kind: 'route'; readonly route: KernelRoute } | Refused<RouteRefusal> {
  if (body.length < headerBytes) return { kind: 'refused', reason: 'body-length' };
  const family = ipVersion(viewOf(body).getUint8(0));
  if (family === null) return { kind: 'refused', reason: 'family' };
  const decoded = decodeAttributes(body.subarray(headerBytes));
  if (decoded.kind === 'refused') return { kind: 'refused', reason: 'attribute-length' };
  const gateway = decoded.attributes.get(rtaGateway);
  const usable = gateway?.length === (family === 4 ? 4 : 16);
  return {
    kind: 'route',
    route: {
      family,
      interfaceIndex: readUint32(decoded.attributes.get(rtaOutputInterface)),
      gateway: usable && gateway !== undefined ? formatIpAddress(gateway) : null,
    },
  };
}

const headerBytes = 12;
const rtaDestination = 1;
const rtaOutputInterface = 4;
const rtaGateway = 5;
const rtaMultipath = 9;
const rtaTable = 15;
const rtaVia = 18;
/** RT_TABLE_MAIN */
const tableMain = 254;
/** RTN_UNICAST: to a host, or to what is behind it; not to this host itself, and not nowhere. */
const unicast = 1;
const nextHopBytes = 8;
