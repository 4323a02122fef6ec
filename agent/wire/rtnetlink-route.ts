/** RTM_GETROUTE for one destination and its answer: `struct rtmsg` and its attributes (linux/rtnetlink.h). */
import assert from 'node:assert';
import { concatBytes, viewOf } from './bytes.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import type { Refused } from './netlink.ts';
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
