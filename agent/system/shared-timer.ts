/**
 * One timer for all that is done again and again. To wake up costs an idle process far more than what it then does: 130 µs against a
 * few, where its code has left the caches meanwhile.
 */

type Repeated = { readonly periodMs: number; readonly run: () => void; waitedMs: number };

export class SharedTimer {
  /** By what was returned for it. Bounded by the parts of an agent. */
  readonly #all = new Set<Repeated>();
  #timer: NodeJS.Timeout | undefined;
  #tickMs = Number.POSITIVE_INFINITY;

  /** Ticks with the shortest period; the others run at the last tick that is not after their time. @returns the function that ends it */
  every(periodMs: number, run: () => void): () => void {
    const repeated: Repeated = { periodMs, run, waitedMs: 0 };
    this.#all.add(repeated);
    this.#set();
    return () => {
      if (this.#all.delete(repeated)) this.#set();
    };
  }

  #set(): void {
    const tickMs = [...this.#all].reduce((least, { periodMs }) => Math.min(least, periodMs), Number.POSITIVE_INFINITY);
    if (tickMs === this.#tickMs) return;
    this.#tickMs = tickMs;
    clearInterval(this.#timer);
    if (this.#all.size > 0) this.#timer = setInterval(() => this.#tick(tickMs), tickMs).unref();
  }

  #tick(tickMs: number): void {
    for (const each of [...this.#all]) {
      each.waitedMs += tickMs;
      if (each.waitedMs + tickMs <= each.periodMs || !this.#all.has(each)) continue;
      each.waitedMs = 0;
      each.run();
    }
  }
}
