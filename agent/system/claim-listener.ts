/**
 * Hears which stations say that they have one of the pool's addresses: by the sender of an ARP packet, whatever it is about (RFC 5227
 * §2.4), by a neighbour advertisement, or by a solicitation from it. A probe has no sender, and is no claim: switches that track devices
 * send them. One socket for all interfaces: it need not be opened anew when one of them is.
 */
import { type NativeSocket, openPacket, type PacketOptions, type SocketHandlers } from '#native';
import { etherTypes } from '../wire/ethernet.ts';
import { type AddressClaim, claimedByArp, claimedByNdp } from './address-claim.ts';
import {
  anyNeighbourFilter,
  anySenderFilter,
  arpSenderFilter,
  type Filter,
  neighbourSenderFilter,
} from './claim-filter.ts';

export type HeardClaim = AddressClaim & { readonly interfaceIndex: number };

export class ClaimListener {
  #sockets: readonly NativeSocket[] = [];

  /** Anew for other addresses, without a gap. @throws NativeError, hearing what it heard before: EPERM without CAP_NET_RAW */
  open(
    addresses: readonly { readonly family: 4 | 6; readonly address: string }[],
    onClaim: (claim: HeardClaim) => void,
  ): void {
    const wanted = new Set(addresses.map(({ address }) => address));
    const ofFamily = (family: 4 | 6) =>
      addresses.filter((each) => each.family === family).map(({ address }) => address);
    const [ipv4, ipv6] = [ofFamily(4), ofFamily(6)];
    const hear = (interfaceIndex: number, said: AddressClaim | null) => {
      if (said !== null && wanted.has(said.address)) onClaim({ interfaceIndex, ...said });
    };
    // An error says that an interface went down or is gone; the socket goes on with the others.
    const hearBy = (read: (frame: Uint8Array) => AddressClaim | null): SocketHandlers => ({
      onError() {},
      onMessage: (frame, from) => hear(from.interfaceIndex, read(frame)),
    });
    const common = { interfaceIndex: 0, outgoing: false } as const;
    const opened: NativeSocket[] = [];
    try {
      if (ipv4.length > 0) {
        const options = { ...common, etherType: etherTypes.arp };
        opened.push(openFiltered([arpSenderFilter(ipv4), anySenderFilter], options, hearBy(claimedByArp)));
      }
      if (ipv6.length > 0) {
        const options = { ...common, etherType: etherTypes.ipv6 };
        opened.push(openFiltered([neighbourSenderFilter(ipv6), anyNeighbourFilter], options, hearBy(claimedByNdp)));
      }
    } catch (error) {
      for (const socket of opened) socket.close();
      throw error;
    }
    this.close();
    this.#sockets = opened;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
  }
}

/** ENOMEM: the first program is larger than net.core.optmem_max, 20,480 bytes before Linux 6.8, which is some 640 addresses. */
function openFiltered(
  [filter, smallFilter]: readonly [Filter, Filter],
  options: Omit<PacketOptions, 'filter'>,
  handlers: SocketHandlers,
): NativeSocket {
  try {
    return openPacket({ ...options, filter }, handlers);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOMEM')) throw error;
    return openPacket({ ...options, filter: smallFilter }, handlers);
  }
}
