/** Which counters of one sender were seen: the highest, and a bit for each of the ones below it (RFC 4303 §3.4.3). */

/** Wide, because a burst to many members takes counters that a single one never sees. */
const windowBits = 4096;

export class ReplayWindow {
  #highest = 0;
  readonly #seen = new Uint32Array(windowBits / 32);

  /** False for one that was accepted, or is too old to tell. */
  isFresh(counter: number): boolean {
    if (counter > this.#highest) return true;
    if (counter <= this.#highest - windowBits || counter === 0) return false;
    return ((this.#seen[wordOf(counter)] ?? 0) & bitOf(counter)) === 0;
  }

  accept(counter: number): void {
    if (counter - this.#highest >= windowBits) this.#seen.fill(0);
    else for (let skipped = this.#highest + 1; skipped < counter; skipped += 1) this.#clear(skipped);
    if (counter > this.#highest) this.#highest = counter;
    const word = wordOf(counter);
    this.#seen[word] = (this.#seen[word] ?? 0) | bitOf(counter);
  }

  #clear(counter: number): void {
    const word = wordOf(counter);
    this.#seen[word] = (this.#seen[word] ?? 0) & ~bitOf(counter);
  }
}

function wordOf(counter: number): number {
  return Math.floor((counter % windowBits) / 32);
}

function bitOf(counter: number): number {
  return 1 << (counter % 32);
}
