/** The Ethernet II header: 14 bytes, no tag (the kernel takes VLAN tags off before a packet socket sees the frame). */
import { concatBytes, viewOf } from './bytes.ts';
import { formatMac, type MacAddress, macBytes } from './mac-address.ts';

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

export type EthernetFrame = {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly etherType: number;
  readonly payload: Uint8Array;
};

/** Not padded to 60 bytes: the sending device does that. */
export function encodeEthernet(frame: EthernetFrame): Uint8Array {
  const header = new Uint8Array(14);
  header.set(macBytes(frame.destination), 0);
  header.set(macBytes(frame.source), 6);
  viewOf(header).setUint16(12, frame.etherType);
  return concatBytes([header, frame.payload]);
}

/** The payload may have padding behind it. Null where there is no whole header. */
export function decodeEthernet(bytes: Uint8Array): EthernetFrame | null {
  if (bytes.length < 14) return null;
  return {
    destination: formatMac(bytes.subarray(0, 6)),
    source: formatMac(bytes.subarray(6, 12)),
    etherType: viewOf(bytes).getUint16(12),
    payload: bytes.subarray(14),
  };
}
