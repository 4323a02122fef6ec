/** The body of RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR: `struct ifaddrmsg` and its attributes (linux/if_addr.h). */
import assert from 'node:assert';
import { concatBytes, viewOf } from './bytes.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { hostIsLittleEndian, type Refused } from './netlink.ts';
import {
  type Attribute,
  decodeAttributes,
  encodeAttributes,
  readString,
  readUint8,
  readUint32,
  stringValue,
  uint8Value,
  uint32Value,
} from './netlink-attributes.ts';
import { familyOf, ipVersion } from './rtnetlink.ts';

/** Whole seconds from 0 up. */
export type Lifetime = number | 'forever';

export type KernelAddress = {
  readonly family: 4 | 6;
  /** Canonical text. */
  readonly address: string;
  readonly prefixLength: number;
  readonly interfaceIndex: number;
  /** The other end of a point-to-point link, or null. */
  readonly peer: string | null;
  /** IPv4 only. */
  readonly broadcast: string | null;
  /** IPv4 only: the interface's name, or an alias of it (`eth0:web`). */
  readonly label: string | null;
  /** IFA_F_*, all 32 bits. */
  readonly flags: number;
  /** RT_SCOPE_*: 0 global, 253 link, 254 host. */
  readonly scope: number;
  /** Null: not said (on the way in: for ever). */
  readonly lifetimes: { readonly preferred: Lifetime; readonly valid: Lifetime } | null;
  /** Metric of its prefix route, or null for the default. */
  readonly routePriority: number | null;
  /** IFA_PROTO, who put it there (Linux 5.18); null where nobody says. */
  readonly protocol: number | null;
};

export const addressFlags = {
  /** IPv4: another address of its subnet was there before. */
  secondary: 0x01,
  noDuplicateDetection: 0x02,
  duplicateDetectionFailed: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200,
  multicastAutoJoin: 0x400,
} as const;

export type AddressRefusal = 'family' | 'address' | 'prefix-length';

export function encodeAddress(address: KernelAddress): Uint8Array {
  const header = addressHeader(familyOf(address.family), address.interfaceIndex);
  header[1] = address.prefixLength;
  header[2] = address.flags & 0xff;
  header[3] = address.scope;
  const local = ipBytes(address.address, address.family);
  const attributes: Attribute[] = [[ifaLocal, local]];
  if (address.label !== null) attributes.push([ifaLabel, stringValue(address.label)]);
  if (address.routePriority !== null) attributes.push([ifaRoutePriority, uint32Value(address.routePriority)]);
  attributes.push([ifaAddress, address.peer === null ? local : ipBytes(address.peer, address.family)]);
  if (address.broadcast !== null) attributes.push([ifaBroadcast, ipBytes(address.broadcast, address.family)]);
  // The header has room for eight flags; the attribute takes its place.
  if (address.flags > 0xff) attributes.push([ifaFlags, uint32Value(address.flags)]);
  if (address.protocol !== null) attributes.push([ifaProtocol, uint8Value(address.protocol)]);
  if (address.lifetimes !== null) {
    const { preferred, valid } = address.lifetimes;
    attributes.push([ifaCacheInfo, uint32Value(lifetimeWord(preferred), lifetimeWord(valid), 0, 0)]);
  }
  return concatBytes([header, encodeAttributes(attributes)]);
}

/** A dump of every address of the family; `interfaceIndex` 0: of every interface (a filter needs strict checking). */
export function encodeAddressDump(family: number, interfaceIndex: number): Uint8Array {
  return addressHeader(family, interfaceIndex);
}

/** @param body of RTM_NEWADDR or RTM_DELADDR */
export function decodeAddress(
  body: Uint8Array,
):
  | { readonly kind: 'address'; readonly address: KernelAddress }
  | Refused<AddressRefusal | 'body-length' | 'attribute-length'> {
  if (body.length < headerBytes) return { kind: 'refused', reason: 'body-length' };
  const view = viewOf(body);
  const family = ipVersion(view.getUint8(0));
  if (family === null) return { kind: 'refused', reason: 'family' };
  const prefixLength = view.getUint8(1);
  if (prefixLength > (family === 4 ? 32 : 128)) return { kind: 'refused', reason: 'prefix-length' };
  const decoded = decodeAttributes(body.subarray(headerBytes));
  if (decoded.kind === 'refused') return { kind: 'refused', reason: 'attribute-length' };
  const { attributes } = decoded;
  const ip = (type: number) => readIp(attributes.get(type), family);
  // IFA_ADDRESS is the peer's where both are there and differ; IPv6 mostly has IFA_ADDRESS alone.
  const [far, near] = [ip(ifaAddress), ip(ifaLocal)];
  const address = near ?? far;
  if (address === null) return { kind: 'refused', reason: 'address' };
  const cacheInfo = attributes.get(ifaCacheInfo);
  const [preferred, valid] = [readUint32(cacheInfo, 0), readUint32(cacheInfo, 1)];
  return {
    kind: 'address',
    address: {
      family,
      address,
      prefixLength,
      interfaceIndex: view.getUint32(4, hostIsLittleEndian),
      peer: far === address ? null : far,
      broadcast: ip(ifaBroadcast),
      label: readString(attributes.get(ifaLabel)),
      flags: readUint32(attributes.get(ifaFlags)) ?? view.getUint8(2),
      scope: view.getUint8(3),
      lifetimes:
        preferred === null || valid === null ? null : { preferred: lifetime(preferred), valid: lifetime(valid) },
      routePriority: readUint32(attributes.get(ifaRoutePriority)),
      protocol: readUint8(attributes.get(ifaProtocol)),
    },
  };
}

/** IFA_PROTO */
export const ifaProtocol = 11;
const headerBytes = 8;
const ifaAddress = 1;
const ifaLocal = 2;
const ifaLabel = 3;
const ifaBroadcast = 4;
const ifaCacheInfo = 6;
const ifaFlags = 8;
const ifaRoutePriority = 9;
const infinity = 0xffffffff;

function addressHeader(family: number, interfaceIndex: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = family;
  viewOf(header).setUint32(4, interfaceIndex, hostIsLittleEndian);
  return header;
}

function lifetimeWord(value: Lifetime): number {
  return value === 'forever' ? infinity : value;
}

function lifetime(word: number): Lifetime {
  return word === infinity ? 'forever' : word;
}

function ipBytes(text: string, family: 4 | 6): Uint8Array {
  const parsed = parseIpAddress(text);
  assert(parsed?.family === family, `not an IPv${family} address: ${text}`);
  return parsed.bytes;
}

function readIp(value: Uint8Array | undefined, family: 4 | 6): string | null {
  return value?.length === (family === 4 ? 4 : 16) ? formatIpAddress(value) : null;
}
