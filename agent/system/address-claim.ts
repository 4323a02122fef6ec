/** What a frame says of where an address is: an announcement, or the answer to a question. */
import { decodeArp } from '../wire/arp.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import { decodeNdp } from '../wire/ndp.ts';

export type AddressClaim = { readonly address: string; readonly mac: MacAddress };

/** The sender's fields, whatever the packet is for. Null where it is no ARP. */
export function claimedByArp(frame: Uint8Array): AddressClaim | null {
  const decoded = decodeArp(frame);
  if (decoded.kind === 'refused') return null;
  return { address: decoded.packet.senderAddress, mac: decoded.packet.senderMac };
}

/** Null where it is no neighbour advertisement. */
export function advertisedByNdp(frame: Uint8Array): AddressClaim | null {
  const decoded = decodeNdp(frame);
  if (decoded.kind === 'refused' || decoded.message.kind !== 'advertisement') return null;
  return { address: decoded.message.target, mac: decoded.message.targetMac ?? decoded.frameSource };
}

/** An advertisement, or a question from the address: who asks from it has it. One from `::` (duplicate detection) claims nothing. */
export function claimedByNdp(frame: Uint8Array): AddressClaim | null {
  const decoded = decodeNdp(frame);
  if (decoded.kind === 'refused') return null;
  const { message, source, frameSource } = decoded;
  if (message.kind === 'advertisement') return advertisedByNdp(frame);
  return source === '::' ? null : { address: source, mac: message.sourceMac ?? frameSource };
}
