import type { InstantMs } from '../../agent/membership/view.ts';
import type { Clock } from '../../agent/system/clock.ts';

/** Time stands still until it is advanced; timers run then, in order. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Map<object, { readonly at: number; readonly run: () => void }>();

  now(): InstantMs {
    return this.#now as InstantMs; // the clock of this test
  }

  after(delayMs: number, run: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + delayMs, run });
    return () => this.#timers.delete(key);
  }

  every(periodMs: number, run: () => void): () => void {
    let cancel = (): void => {};
    const arm = (): void => {
      cancel = this.after(periodMs, () => {
        arm();
        run();
      });
    };
    arm();
    return () => cancel();
  }

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      const [next] = due;
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = until;
  }

  /** As for a process that did not run: what became due meanwhile is still to come. */
  standStill(ms: number): void {
    this.#now += ms;
  }
}
