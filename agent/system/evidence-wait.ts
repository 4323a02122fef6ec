/** Until the view is known to stand (membership/evidence.ts). */
import type { Evidence } from '../membership/evidence.ts';
import type { InstantMs } from '../membership/view.ts';
import type { Clock } from './clock.ts';

/**
 * From one look to the next, doubled each time: an answer comes within a round trip. One that waits for the look when the machine is paused
 * would be taken for new after it.
 */
const lookMsMin = 1;
/** A fifth of the default heartbeat. */
const lookMsMax = 20;

export class EvidenceWait {
  readonly #evidence: Evidence;
  readonly #question: number;
  readonly #endsAt: number;
  #lookMs = lookMsMin;

  /** @param endsAt a view in which nobody has answered by then has ended, or the others' program does not answer */
  constructor(evidence: Evidence, endsAt: number) {
    this.#evidence = evidence;
    this.#question = evidence.ask();
    this.#endsAt = endsAt;
  }

  /** When to look again, from now on. */
  nextLookMs(): number {
    const lookMs = this.#lookMs;
    this.#lookMs = Math.min(lookMsMax, 2 * lookMs);
    return lookMs;
  }

  isOver(now: InstantMs): boolean {
    return this.#evidence.isAnswered(this.#question) || now >= this.#endsAt;
  }
}

export type OnceEvidentOptions = {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly evidence: Evidence;
  /** At most, from now on. */
  readonly waitMs: number;
  /** Who looks later than this after its time does not run it: others may have taken over meanwhile. */
  readonly stallMs: number;
};

/** Runs it once. @returns the function that ends the wait */
export function onceEvident({ clock, evidence, waitMs, stallMs }: OnceEvidentOptions, run: () => void): () => void {
  const wait = new EvidenceWait(evidence, clock.now() + waitMs);
  let cancel = (): void => {};
  const look = (): void => {
    const now = clock.now();
    if (wait.isOver(now)) {
      run();
      return;
    }
    const lookMs = wait.nextLookMs();
    cancel = clock.after(lookMs, () => {
      if (clock.now() - now <= lookMs + stallMs) look();
    });
  };
  look();
  return () => cancel();
}
