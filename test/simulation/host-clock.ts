/** The monotonic clock of one host: it starts anywhere, runs a little fast or slow, and stands while its machine is paused. */
import type { InstantMs } from '../../agent/membership/view.ts';

export class HostClock {
  readonly #rate: number;
  #origin: number;
  #base: number;
  #standingSince: number | null = null;

  /** @param rate local milliseconds in one true one */
  constructor(startsAt: number, rate: number, trueNow: number) {
    this.#rate = rate;
    this.#base = startsAt;
    this.#origin = trueNow;
  }

  at(trueNow: number): InstantMs {
    return (this.#base + ((this.#standingSince ?? trueNow) - this.#origin) * this.#rate) as InstantMs; // of this host
  }

  /** When it will show `local`, should it not stand meanwhile. */
  trueTimeOf(local: number): number {
    return this.#origin + (local - this.#base) / this.#rate;
  }

  stand(trueNow: number): void {
    this.#standingSince ??= trueNow;
  }

  goOn(trueNow: number): void {
    if (this.#standingSince === null) return;
    this.#base = this.at(trueNow);
    this.#origin = trueNow;
    this.#standingSince = null;
  }
}
