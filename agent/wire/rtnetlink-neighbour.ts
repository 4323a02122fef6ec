/** The body of RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH: `struct ndmsg` and its attributes (linux/neighbour.h). */
import { viewOf } from './bytes.ts';
import { formatIpAddress } from './ip-address.ts';
import { formatMac, type MacAddress } from './mac-address.ts';
import { hostIsLittleEndian, type Refused } from './netlink.ts';
import { decodeAttributes, readUint32 } from './netlink-attributes.ts';
import { ipVersion } from './rtnetlink.ts';

export type KernelNeighbour = {
  readonly family: 4 | 6;
  readonly interfaceIndex: number;
  /** NUD_* */
  readonly state: number;
  /** NTF_* */
  readonly flags: number;
  /** Canonical text. */
  readonly address: string;
  /** Null while nobody has answered. */
  readonly mac: MacAddress | null;
  /** Since it was confirmed or changed last, in steps of 10 ms; 0 where the kernel does not say. */
  readonly ageMs: number;
};

export const neighbourStates = {
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noArp: 0x40,
  permanent: 0x80,
} as const;

export type NeighbourRefusal = 'family' | 'address' | 'body-length' | 'attribute-length';

/** A dump of the family's neighbours (0: both). */
export function encodeNeighbourDump(family: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = family;
  return header;
}

/** @param body of RTM_NEWNEIGH or RTM_DELNEIGH */
export function decodeNeighbour(
  body: Uint8Array,
): { readonly kind: 'neighbour'; readonly neighbour: KernelNeighbour } | Refused<NeighbourRefusal> {
  if (body.length < headerBytes) return { kind: 'refused', reason: 'body-length' };
  const view = viewOf(body);
  const family = ipVersion(view.getUint8(0));
  if (family === null) return { kind: 'refused', reason: 'family' }; // e.g. a bridge's forwarding table
  const decoded = decodeAttributes(body.subarray(headerBytes));
  if (decoded.kind === 'refused') return { kind: 'refused', reason: 'attribute-length' };
  const address = decoded.attributes.get(ndaDestination);
  if (address?.length !== (family === 4 ? 4 : 16)) return { kind: 'refused', reason: 'address' };
  const mac = decoded.attributes.get(ndaLinkLayerAddress);
  const cacheInfo = decoded.attributes.get(ndaCacheInfo);
  return {
    kind: 'neighbour',
    neighbour: {
      family,
      interfaceIndex: view.getInt32(4, hostIsLittleEndian),
      state: view.getUint16(8, hostIsLittleEndian),
      flags: view.getUint8(10),
      address: formatIpAddress(address),
      mac: mac?.length === 6 ? formatMac(mac) : null,
      ageMs: tickMs * Math.min(readUint32(cacheInfo, 0) ?? 0, readUint32(cacheInfo, 2) ?? 0),
    },
  };
}

const headerBytes = 12;
const ndaDestination = 1;
const ndaLinkLayerAddress = 2;
/** `struct nda_cacheinfo`: confirmed, used, updated; in ticks of USER_HZ, which is 100 on every architecture that Node runs on. */
const ndaCacheInfo = 3;
const tickMs = 10;
