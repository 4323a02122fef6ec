/** The body of RTM_NEWLINK, RTM_DELLINK and RTM_GETLINK: `struct ifinfomsg` and its attributes (linux/if_link.h). */
import { concatBytes, viewOf } from './bytes.ts';
import { formatMac, type MacAddress } from './mac-address.ts';
import { hostIsLittleEndian, type Refused } from './netlink.ts';
import {
  decodeAttributes,
  encodeAttributes,
  readString,
  readUint8,
  readUint32,
  uint32Value,
} from './netlink-attributes.ts';

export type KernelLink = {
  /** AF_*: unspecified (0) for the link itself, AF_BRIDGE where it speaks of the link as a bridge's port. */
  readonly family: number;
  readonly index: number;
  /** ARPHRD_* */
  readonly hardwareType: number;
  /** IFF_* */
  readonly flags: number;
  readonly name: string;
  /** Null where the link has none, or not one of 6 bytes. */
  readonly mac: MacAddress | null;
  readonly mtu: number | null;
  /** RFC 2863 ifOperStatus as the kernel numbers it: 6 is up. */
  readonly operationalState: number | null;
  readonly carrier: boolean | null;
  /** Index of the bridge, bond or VRF it belongs to. */
  readonly master: number | null;
  /** Index of the link that it is made on, of a VLAN or macvlan; of a veth, the other end's, in whatever namespace. */
  readonly lower: number | null;
  /** 'veth', 'bond', 'vlan', …; null for a physical device. */
  readonly kind: string | null;
  /** IFLA_EVENT_*: why the kernel tells of it; null where that is not said. */
  readonly event: number | null;
  /** Since it was made, modulo 2^32; null where it was not asked for. */
  readonly framesReceived: number | null;
};

export const linkFlags = {
  up: 0x1,
  loopback: 0x8,
  pointToPoint: 0x10,
  noArp: 0x80,
  lowerUp: 0x10000,
} as const;

export const linkEvents = { bondingFailover: 3, notifyPeers: 4 } as const;

export const hardwareTypes = { ethernet: 1 } as const;

export type LinkRefusal = 'name' | 'body-length' | 'attribute-length';

/** @param index of one link, or 0 for a dump of all */
export function encodeLinkRequest(index: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  viewOf(header).setInt32(4, index, hostIsLittleEndian);
  return concatBytes([header, encodeAttributes([[iflaExtensionMask, uint32Value(skipStatistics)]])]);
}

/** One link with its counters. */
export function encodeLinkCountersRequest(index: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  viewOf(header).setInt32(4, index, hostIsLittleEndian);
  return header;
}

/** @param body of RTM_NEWLINK or RTM_DELLINK */
export function decodeLink(
  body: Uint8Array,
): { readonly kind: 'link'; readonly link: KernelLink } | Refused<LinkRefusal> {
  if (body.length < headerBytes) return { kind: 'refused', reason: 'body-length' };
  const view = viewOf(body);
  const decoded = decodeAttributes(body.subarray(headerBytes));
  if (decoded.kind === 'refused') return { kind: 'refused', reason: 'attribute-length' };
  const { attributes } = decoded;
  const name = readString(attributes.get(iflaName));
  if (name === null || name === '') return { kind: 'refused', reason: 'name' };
  const mac = attributes.get(iflaAddress);
  const carrier = readUint8(attributes.get(iflaCarrier));
  return {
    kind: 'link',
    link: {
      family: view.getUint8(0),
      index: view.getInt32(4, hostIsLittleEndian),
      hardwareType: view.getUint16(2, hostIsLittleEndian),
      flags: view.getUint32(8, hostIsLittleEndian),
      name,
      mac: mac?.length === 6 ? formatMac(mac) : null,
      mtu: readUint32(attributes.get(iflaMtu)),
      operationalState: readUint8(attributes.get(iflaOperationalState)),
      carrier: carrier === null ? null : carrier !== 0,
      master: readUint32(attributes.get(iflaMaster)),
      lower: readUint32(attributes.get(iflaLink)),
      kind: readKind(attributes.get(iflaLinkInfo)),
      event: readUint32(attributes.get(iflaEvent)),
      framesReceived: readUint32(attributes.get(iflaStats)),
    },
  };
}

const headerBytes = 16;
const iflaAddress = 1;
const iflaName = 3;
const iflaMtu = 4;
const iflaLink = 5;
const iflaMaster = 10;
const iflaOperationalState = 16;
const iflaLinkInfo = 18;
const iflaExtensionMask = 29;
const iflaCarrier = 33;
const iflaStats = 7;
const iflaEvent = 44;
const iflaInfoKind = 1;
/** RTEXT_FILTER_SKIP_STATS: 300 bytes a link that nobody reads. */
const skipStatistics = 8;

function readKind(linkInfo: Uint8Array | undefined): string | null {
  if (linkInfo === undefined) return null;
  const decoded = decodeAttributes(linkInfo);
  return decoded.kind === 'refused' ? null : readString(decoded.attributes.get(iflaInfoKind));
}
