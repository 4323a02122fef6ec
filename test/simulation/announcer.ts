/** What a host announces, and when again: as agent/system/announcer.ts, whose later refreshes no schedule lasts for. */
import type { Evidence } from '../../agent/membership/evidence.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { onceEvident } from '../../agent/system/evidence-wait.ts';
import { clockOf, type Host } from './host.ts';

const repeatsMs = [1_100, 3_000];

export class Announcer {
  readonly #host: Host;
  readonly #evidence: Evidence;
  readonly #started = new Map<SetName, number>();
  #starts = 0;

  constructor(host: Host, evidence: Evidence) {
    this.#host = host;
    this.#evidence = evidence;
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
    }
    if (sets.length === 0) return;
    for (const afterMs of repeatsMs) {
      this.#host.timer(this.#host.localNow + afterMs, () => this.#repeat(sets, start));
    }
  }

  #repeat(sets: readonly SetName[], start: number): void {
    const { detectMs } = this.#host.options;
    const due = (): readonly SetName[] => sets.filter((set) => this.#started.get(set) === start);
    if (due().length === 0) return;
    const wait = { clock: clockOf(this.#host), evidence: this.#evidence, waitMs: detectMs, stallMs: detectMs };
    onceEvident(wait, () => {
      for (const set of due()) this.#announce(set, 'repeat');
    });
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
