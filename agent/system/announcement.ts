/** The frames that tell a segment where an address is now. */
import { arpAnnouncementReply, arpAnnouncementRequest, arpDirected } from '../wire/arp.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import { directedSolicitation, unsolicitedAdvertisement } from '../wire/ndp.ts';

/** An interface that frames can be sent on. */
export type AnnouncingLink = { readonly index: number; readonly name: string; readonly mac: MacAddress };

export type AnnouncedAddress = {
  readonly family: 4 | 6;
  readonly address: string;
  /** Whether this host forwards there. A host that has the address as its router drops it as one where this is false. */
  readonly router?: boolean;
};

export type Announcement = {
  /** Enough for nearly every receiver. */
  readonly first: Uint8Array;
  /** For those that learn otherwise: some take ARP replies only. */
  readonly more: readonly Uint8Array[];
};

export function announcementOf(
  link: AnnouncingLink,
  { family, address, router = false }: AnnouncedAddress,
): Announcement {
  if (family === 6) return { first: unsolicitedAdvertisement(link.mac, address, { router }), more: [] };
  return { first: arpAnnouncementRequest(link.mac, address), more: [arpAnnouncementReply(link.mac, address)] };
}

/** Whom it is told one by one; to the station itself where its MAC is known. */
export type ToldHost = { readonly address: string; readonly mac?: MacAddress };

/** To one host of the same IP version. */
export function directedAnnouncement(
  link: AnnouncingLink,
  { family, address }: AnnouncedAddress,
  host: ToldHost,
): Uint8Array {
  return family === 6
    ? directedSolicitation(link.mac, address, host.address, host.mac)
    : arpDirected(link.mac, address, host.address, host.mac);
}
