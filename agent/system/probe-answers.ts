/**
 * Hears who answers a probe. One socket a family for all interfaces, opened before the first question and kept: what is opened and closed
 * with each of some twenty questions a second is work for the kernel, which waits 8 to 16 ms for each that is closed, and takes 1 to 4 for each that is opened.
 */
import { type NativeSocket, openPacket, type SocketHandlers } from '#native';
import { etherTypes } from '../wire/ethernet.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import { type AddressClaim, advertisedByNdp, claimedByArp } from './address-claim.ts';
import type { AnnouncedAddress } from './announcement.ts';
import { advertisementFilter, arpReplyFilter } from './claim-filter.ts';

type OnAnswer = (mac: MacAddress) => void;

export class ProbeAnswers {
  readonly #sockets = new Map<AnnouncedAddress['family'], NativeSocket>();
  #closed = false;
  /** By interface index and address. UNBOUNDED: by who asks, for as long as they wait. */
  readonly #waiting = new Map<string, Set<OnAnswer>>();

  /** @returns the function that ends it. @throws NativeError: EPERM without CAP_NET_RAW; Error after close() */
  hear(interfaceIndex: number, { family, address }: AnnouncedAddress, onAnswer: OnAnswer): () => void {
    if (this.#closed) throw new Error('nobody listens for answers any more');
    this.#listen(family);
    const key = keyOf(interfaceIndex, address);
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(onAnswer));
    return () => {
      waiting.delete(onAnswer);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    };
  }

  /** What the first question would else open. @throws NativeError: EPERM without CAP_NET_RAW */
  open(): void {
    for (const family of [4, 6] as const) this.#listen(family);
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #listen(family: AnnouncedAddress['family']): void {
    if (this.#sockets.has(family)) return;
    const [read, etherType, filter] =
      family === 4
        ? ([claimedByArp, etherTypes.arp, arpReplyFilter] as const)
        : ([advertisedByNdp, etherTypes.ipv6, advertisementFilter] as const);
    const onMessage: SocketHandlers['onMessage'] = (frame, from) => this.#take(from.interfaceIndex, read(frame));
    // An error says that an interface went down or is gone; the socket goes on with the others.
    const socket = openPacket({ interfaceIndex: 0, etherType, filter, outgoing: false }, { onMessage, onError() {} });
    this.#sockets.set(family, socket);
  }

  #take(interfaceIndex: number, answer: AddressClaim | null): void {
    if (answer === null) return;
    const waiting = this.#waiting.get(keyOf(interfaceIndex, answer.address)) ?? [];
    for (const onAnswer of [...waiting]) onAnswer(answer.mac);
  }
}

function keyOf(interfaceIndex: number, address: string): string {
  return `${interfaceIndex} ${address}`;
}
