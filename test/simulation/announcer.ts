/** What a host announces, and when again: as agent/system/announcer.ts, whose later refreshes no schedule lasts for. */
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Host } from './host.ts';

const repeatsMs = [1_100, 3_000];

export class Announcer {
  readonly #host: Host;
  readonly #started = new Map<SetName, number>();
  #starts = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  announces(set: SetName): boolean {
    return this.#started.has(set);
  }

  start(sets: readonly SetName[], why: 'claimed' | 'again'): void {
    this.#starts += 1;
    const start = this.#starts;
    for (const set of sets) {
      this.#started.set(set, start);
      this.#announce(set, why);
      for (const afterMs of repeatsMs) {
        this.#host.timer(this.#host.localNow + afterMs, () => {
          if (this.#started.get(set) === start) this.#announce(set, 'repeat');
        });
      }
    }
  }

  hush(sets: readonly SetName[]): void {
    for (const set of sets) this.#started.delete(set);
  }

  close(): void {
    this.#started.clear();
  }

  #announce(set: SetName, why: 'claimed' | 'again' | 'repeat'): void {
    if (this.#host.has(set) && this.#host.linkUp) this.#host.world.announce(this.#host.name, set, why);
  }
}
