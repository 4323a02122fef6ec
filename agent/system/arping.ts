/** ARP and neighbour discovery over packet sockets: tells a segment where an address is, and asks who has one. */
import { type NativeSocket, openPacket } from '#native';
import { arpProbe } from '../wire/arp.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import { directedSolicitation, neighbourProbe } from '../wire/ndp.ts';
import { type AnnouncedAddress, type AnnouncingLink, announcementOf } from './announcement.ts';
import { systemClock } from './clock.ts';
import type { PortRate } from './port-rate.ts';
import { ProbeAnswers } from './probe-answers.ts';

/** `Cannot announce 192.0.2.10 on eth0: ENETDOWN` */
export class ArpingError extends Error {
  readonly code: string;

  constructor(operation: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'EIO';
    super(`Cannot ${operation}: ${code}`, { cause });
    this.name = 'ArpingError';
    this.code = code;
  }
}

export type ProbeResult =
  | { readonly kind: 'answered'; readonly mac: MacAddress }
  | { readonly kind: 'silent' }
  | { readonly kind: 'failed'; readonly error: ArpingError };

/** Spread over the time given. RFC 5227 §1.1 has three as well (PROBE_NUM), a second or two apart. */
const probesMax = 3;

export class Arping {
  readonly #socket: NativeSocket;
  readonly #rate: PortRate;
  readonly #answers = new ProbeAnswers();
  /** Ends each question that has no answer yet. */
  readonly #asking = new Set<() => void>();

  /** @param socket of no protocol: it sends on every interface and receives nothing @param rate of questions */
  constructor(socket: NativeSocket, rate: PortRate) {
    this.#socket = socket;
    this.#rate = rate;
  }

  /** Spares the first question what it would else wait for. @throws NativeError: EPERM without CAP_NET_RAW */
  prepareToAsk(): void {
    this.#answers.open();
  }

  /** One frame, now. Null, or why not; a link that is down is no other failure than any. */
  send(link: AnnouncingLink, frame: Uint8Array, operation: string): ArpingError | null {
    try {
      this.#socket.send(frame, { interfaceIndex: link.index });
      return null;
    } catch (error) {
      return new ArpingError(`${operation} on ${link.name}`, error);
    }
  }

  /** Everything at once: one frame for each address, then the second ones. One result an address: null, or why not. */
  announce(link: AnnouncingLink, addresses: readonly AnnouncedAddress[]): readonly (ArpingError | null)[] {
    const announcements = addresses.map((address) => announcementOf(link, address));
    const firsts = announcements.map(({ first }, at) => this.send(link, first, `announce ${addresses[at]?.address}`));
    return announcements.map(({ more }, at) =>
      more.reduce<ArpingError | null>(
        (failed, frame) => failed ?? this.send(link, frame, `announce ${addresses[at]?.address}`),
        firsts[at] ?? null,
      ),
    );
  }

  /**
   * Asks who has the address, in a way that changes nobody's cache (RFC 5227 §2.1.1; for IPv6 RFC 4862 §5.4.2), up to three
   * times within `timeoutMs`, as the rate allows; once it always does, and the time counts from then on. Only a holder's answer
   * counts: others who probe at the same time do not hold it.
   *
   * @param from IPv6: an own address that holders answer to alone. Without one they answer to all nodes (RFC 4861 §7.2.4), and where two
   * hold the address, everybody's cache has whoever answers last
   */
  probe(
    link: AnnouncingLink,
    { family, address }: AnnouncedAddress,
    timeoutMs: number,
    from: string | null = null,
  ): Promise<ProbeResult> {
    const frame = family === 4 ? arpProbe(link.mac, address) : solicitation(link.mac, address, from);
    const operation = `probe ${address}`;
    return new Promise((resolve) => {
      const timers: NodeJS.Timeout[] = [];
      let endHearing: () => void = () => {};
      const giveUp = (): void => finish({ kind: 'silent' });
      const finish = (result: ProbeResult): void => {
        this.#asking.delete(giveUp);
        for (const timer of timers) clearTimeout(timer);
        endHearing();
        resolve(result);
      };
      const send = () => {
        this.#rate.take(link.index, systemClock.now(), 1);
        const error = this.send(link, frame, operation);
        if (error !== null) finish({ kind: 'failed', error });
      };
      const sendAgain = () => {
        if (this.#rate.allowed(link.index, systemClock.now(), 'routine') > 0) send();
      };
      const begin = () => {
        const waitMs = this.#rate.waitMs(link.index, systemClock.now(), 1, 'urgent');
        if (waitMs > 0) {
          timers.push(setTimeout(begin, waitMs));
          return;
        }
        // What lies in the socket is read first: a busy loop may come to its timers late.
        timers.push(setTimeout(() => setImmediate(giveUp), timeoutMs));
        for (let n = 1; n < probesMax; n++) timers.push(setTimeout(sendAgain, (n * timeoutMs) / probesMax));
        send();
      };
      try {
        endHearing = this.#answers.hear(link.index, { family, address }, (mac) => {
          if (mac !== link.mac) finish({ kind: 'answered', mac });
        });
      } catch (error) {
        finish({ kind: 'failed', error: new ArpingError(`${operation} on ${link.name}`, error) });
        return;
      }
      this.#asking.add(giveUp);
      begin();
    });
  }

  /** Whoever waits for an answer has none: no timer is left. */
  close(): void {
    for (const giveUp of this.#asking) giveUp();
    this.#answers.close();
    this.#socket.close();
  }
}

function solicitation(mac: MacAddress, address: string, from: string | null): Uint8Array {
  return from === null ? neighbourProbe(mac, address) : directedSolicitation(mac, from, address);
}

/** @throws NativeError: EPERM without CAP_NET_RAW */
export function openArping(rate: PortRate): Arping {
  const socket = openPacket(
    { interfaceIndex: 0, etherType: 0, filter: [], outgoing: false },
    // It receives nothing; and that some link went down, the next send on that link says.
    { onMessage() {}, onError() {} },
  );
  const arping = new Arping(socket, rate);
  try {
    arping.prepareToAsk();
  } catch (error) {
    arping.close();
    throw error;
  }
  return arping;
}
