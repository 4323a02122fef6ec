/**
 * The timer of the next deadline. Node's timers are of whole milliseconds and ring up to two late, which is of no matter but where a
 * member's patience ends: from then on its addresses are missing.
 */
import type { InstantMs } from '../membership/view.ts';

/** For so long before such a deadline the thread goes round instead of sleeping. */
const roundsMs = 1.5;

export class WakeupTimer {
  readonly #now: () => InstantMs;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | null = null;
  #rounds: NodeJS.Immediate | null = null;
  #at = Number.POSITIVE_INFINITY;

  /** @param ring called at each deadline or a little before: what is not due then is set anew */
  constructor(now: () => InstantMs, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /**
   * A deadline that moves away leaves the timer: it rings early, nothing is found due and it is set anew.
   *
   * @param delayMsMax rings by then at the latest
   * @param isSharp nothing may be lost after it
   */
  set(due: InstantMs, delayMsMax: number, isSharp: boolean): void {
    if (due >= this.#at) return;
    this.clear();
    const now = this.#now();
    const leftMs = due - now;
    if (isSharp && leftMs < roundsMs) {
      this.#at = due;
      this.#rounds = setImmediate(() => this.#goRound(due));
      return;
    }
    // Whole: Node rounds down what it sets, and up what is due, so that the time would be rung in twice.
    const delayMs = Math.max(0, isSharp ? Math.floor(leftMs) - 1 : Math.ceil(Math.min(leftMs, delayMsMax)));
    this.#at = now + delayMs;
    this.#timer = setTimeout(() => this.#end(), delayMs);
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#rounds !== null) clearImmediate(this.#rounds);
    this.#timer = null;
    this.#rounds = null;
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** What arrives meanwhile is read between two rounds. */
  #goRound(due: InstantMs): void {
    if (this.#now() < due) this.#rounds = setImmediate(() => this.#goRound(due));
    else this.#end();
  }

  #end(): void {
    this.clear();
    this.#ring();
  }
}
