/** The frames that tell a segment where an address is now. */
import { arpAnnouncementReply, arpAnnouncementRequest } from '../wire/arp.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import { unsolicitedAdvertisement } from '../wire/ndp.ts';

/** An interface that frames can be sent on. */
export type AnnouncingLink = { readonly index: number; readonly name: string; readonly mac: MacAddress };

export type AnnouncedAddress = { readonly family: 4 | 6; readonly address: string };

export type Announcement = {
  /** Enough for nearly every receiver. */
  readonly first: Uint8Array;
  /** For those that learn otherwise: some take ARP replies only. */
  readonly more: readonly Uint8Array[];
};

export function announcementOf(link: AnnouncingLink, { family, address }: AnnouncedAddress): Announcement {
  // R=0: whoever has this address as its router would drop it as one; a host that forwards is a later option.
  if (family === 6) return { first: unsolicitedAdvertisement(link.mac, address, { router: false }), more: [] };
  return { first: arpAnnouncementRequest(link.mac, address), more: [arpAnnouncementReply(link.mac, address)] };
}
