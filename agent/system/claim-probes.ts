/**
 * Asks the segment whether somebody has an address already, before this host claims one that nobody of the group is known to hold (RFC 5227
 * §2.1.1, RFC 4862 §5.4.2). Times are shortened as §2.2 of the former allows where the technology permits: a switched segment answers in
 * milliseconds. Answers are heard by the claim listener.
 */
import { arpProbe } from '../wire/arp.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import { neighbourProbe } from '../wire/ndp.ts';
import type { PlacedAddress } from './addresses.ts';
import type { AnnouncingLink } from './announcement.ts';
import type { HeardClaim } from './claim-listener.ts';
import type { Clock } from './clock.ts';
import type { PortRate } from './port-rate.ts';

export type ProbeLimits = {
  /** Null: not at all. */
  readonly durationMs: number | null;
};

export type ClaimProbesOptions = ProbeLimits & {
  readonly clock: Clock;
  /** Probes count as announcements do where a switch counts them. */
  readonly rate: PortRate;
  readonly send: (link: AnnouncingLink, frame: Uint8Array, operation: string) => unknown;
  /** Of this host, or of the group. */
  readonly isExempt: (mac: MacAddress) => boolean;
};

export type Probed = { readonly address: PlacedAddress; readonly link: AnnouncingLink };

/** PROBE_NUM of RFC 5227 §1.1. */
const probesMax = 3;

export class ClaimProbes {
  readonly #options: ClaimProbesOptions;
  #limits: ProbeLimits;
  /** `<interface index> <address>` -> who has it, null while nobody has answered. At most what is being claimed. */
  readonly #asked = new Map<string, MacAddress | null>();
  /** Ends each wait for answers. At most one a claim. */
  readonly #waits = new Set<() => void>();
  #closed = false;

  constructor(options: ClaimProbesOptions) {
    this.#options = options;
    this.#limits = options;
  }

  /** From the next question on. */
  change(limits: ProbeLimits): void {
    this.#limits = limits;
  }

  heard({ interfaceIndex, address, mac }: HeardClaim): void {
    const key = `${interfaceIndex} ${address}`;
    if (this.#asked.get(key) === null && !this.#options.isExempt(mac)) this.#asked.set(key, mac);
  }

  /** Who has which of them. As many are asked for, and as often, as the rate allows in the time. */
  async ask(wanted: readonly Probed[]): Promise<ReadonlyMap<PlacedAddress, MacAddress>> {
    const { durationMs } = this.#limits;
    if (durationMs === null || wanted.length === 0) return new Map();
    const framesMax = Math.max(1, Math.floor((durationMs * this.#options.rate.framesPerSecond) / 1000));
    const asked = wanted.slice(0, framesMax);
    const rounds = Math.min(probesMax, Math.floor(framesMax / asked.length));
    for (const { address } of asked) this.#asked.set(keyOf(address), null);
    for (let round = 0; round < rounds && !this.#closed; round++) {
      for (const { address, link } of asked) {
        if (this.#asked.get(keyOf(address)) !== null) continue;
        await this.#turn(link);
        if (!this.#closed) this.#send(address, link);
      }
      await this.#wait(durationMs / rounds);
    }
    const holders = new Map<PlacedAddress, MacAddress>();
    for (const { address } of asked) {
      const mac = this.#asked.get(keyOf(address)) ?? null;
      this.#asked.delete(keyOf(address));
      if (mac !== null) holders.set(address, mac);
    }
    return holders;
  }

  /** Who asks is answered at once, with what is known by then. */
  close(): void {
    this.#closed = true;
    for (const end of this.#waits) end();
  }

  async #turn({ index }: AnnouncingLink): Promise<void> {
    const { rate, clock } = this.#options;
    while (!this.#closed && rate.allowed(index, clock.now(), 'routine') === 0)
      await this.#wait(rate.waitMs(index, clock.now(), 1, 'routine'));
    rate.take(index, clock.now(), 1);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waits.delete(end);
        resolve();
      };
      const cancel = this.#options.clock.after(delayMs, end);
      this.#waits.add(end);
    });
  }

  #send({ family, address }: PlacedAddress, link: AnnouncingLink): void {
    const frame = family === 4 ? arpProbe(link.mac, address) : neighbourProbe(link.mac, address);
    this.#options.send(link, frame, `probe ${address}`); // where it fails, nobody answers, and the claim will tell why
  }
}

function keyOf({ interfaceIndex, address }: PlacedAddress): string {
  return `${interfaceIndex} ${address}`;
}
