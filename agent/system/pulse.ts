/**
 * Whether this process ran all the time. One that stood still (SIGSTOP, a paused machine) finds old events waiting: what they
 * ask for must not be done before the group's word of what happened meanwhile can have come.
 */
import type { Clock } from './clock.ts';

export type PulseOptions = {
  readonly clock: Clock;
  /** The others' patience: whoever stood still for longer may have lost what it held. */
  readonly gapMs: number;
};

/** A member that was put out is told at its first heartbeat; the longest interval between two is well below. */
export const doubtMs = 1_000;
/** Beats in a gap: one that comes late by a beat is none. */
const beatsPerGap = 3;

export class Pulse {
  readonly #options: PulseOptions;
  #beatAt: number;
  #doubtfulUntil = Number.NEGATIVE_INFINITY;
  readonly #cancel: () => void;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#beatAt = options.clock.now();
    this.#cancel = options.clock.every(options.gapMs / beatsPerGap, () => this.#look());
  }

  /** True during a gap that was just left, and for `doubtMs` after it. */
  get doubtful(): boolean {
    this.#look();
    return this.#options.clock.now() < this.#doubtfulUntil;
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    const now = this.#options.clock.now();
    if (now - this.#beatAt > this.#options.gapMs) this.#doubtfulUntil = now + doubtMs;
    this.#beatAt = now;
  }
}
