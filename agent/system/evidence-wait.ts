/** Until the view is known to stand (membership/evidence.ts). */
import { type Evidence, nobodyElse } from '../membership/evidence.ts';
import type { InstantMs } from '../membership/view.ts';
import type { Clock } from './clock.ts';

/** How often one that waits looks: a fifth of the default heartbeat. */
export const evidenceLookMs = 20;

export class EvidenceWait {
  readonly #evidence: Evidence;
  readonly #before: number;
  readonly #endsAt: number;

  /** @param endsAt a view in which nobody is heard until then has ended, or its heartbeats are rarer than what waits for them */
  constructor(evidence: Evidence, endsAt: number) {
    this.#evidence = evidence;
    this.#before = evidence();
    this.#endsAt = endsAt;
  }

  isOver(now: InstantMs): boolean {
    const found = this.#evidence();
    return found === nobodyElse || found !== this.#before || now >= this.#endsAt;
  }
}

export type OnceEvidentOptions = {
  readonly clock: Clock;
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
    cancel = clock.after(evidenceLookMs, () => {
      if (clock.now() - now <= evidenceLookMs + stallMs) look();
    });
  };
  look();
  return () => cancel();
}
