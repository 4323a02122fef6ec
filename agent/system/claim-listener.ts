/**
 * Hears which stations say that they have one of the pool's addresses: by the sender of an ARP packet, whatever it is about (RFC 5227
 * §2.4), or by a neighbour advertisement. A probe has no sender, and is no claim: switches that track devices send them. One socket for
 * all interfaces: it need not be opened anew when one of them is.
 */
import { type NativeSocket, openPacket, type PacketOptions, type SocketHandlers } from '#native';
import { etherTypes } from '../wire/ethernet.ts';
import { type AddressClaim, claimedByArp, claimedByNdp } from './address-claim.ts';
import { advertisementFilter, anySenderFilter, arpSenderFilter, type Filter } from './claim-filter.ts';

export type HeardClaim = AddressClaim & { readonly interfaceIndex: number };

export class ClaimListener {
  #sockets: readonly NativeSocket[] = [];

  /** Anew for other addresses, without a gap. @throws NativeError, hearing what it heard before: EPERM without CAP_NET_RAW */
  open(
    addresses: readonly { readonly family: 4 | 6; readonly address: string }[],
    onClaim: (claim: HeardClaim) => void,
  ): void {
    const wanted = new Set(addresses.map(({ address }) => address));
    const ipv4 = addresses.filter(({ family }) => family === 4).map(({ address }) => address);
    const hear = (interfaceIndex: number, said: AddressClaim | null) => {
      if (said !== null && wanted.has(said.address)) onClaim({ interfaceIndex, ...said });
    };
    const common = { interfaceIndex: 0, outgoing: false } as const;
    // An error says that an interface went down or is gone; the socket goes on with the others.
    const onError = () => {};
    const opened: NativeSocket[] = [];
    try {
      if (ipv4.length > 0) {
        const onMessage: SocketHandlers['onMessage'] = (frame, from) => hear(from.interfaceIndex, claimedByArp(frame));
        opened.push(
          openForSenders(arpSenderFilter(ipv4), { ...common, etherType: etherTypes.arp }, { onError, onMessage }),
        );
      }
      if (ipv4.length < addresses.length) {
        const options = { ...common, etherType: etherTypes.ipv6, filter: advertisementFilter };
        opened.push(
          openPacket(options, { onError, onMessage: (frame, from) => hear(from.interfaceIndex, claimedByNdp(frame)) }),
        );
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

/** ENOMEM: the program is larger than net.core.optmem_max, 20,480 bytes before Linux 6.8, which is some 640 addresses. */
function openForSenders(
  filter: Filter,
  options: Omit<PacketOptions, 'filter'>,
  handlers: SocketHandlers,
): NativeSocket {
  try {
    return openPacket({ ...options, filter }, handlers);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOMEM')) throw error;
    return openPacket({ ...options, filter: anySenderFilter }, handlers);
  }
}
