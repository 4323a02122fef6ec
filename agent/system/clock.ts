/** Time and timers behind a small interface, so that a schedule can be tested without waiting for it. */
import type { InstantMs } from '../membership/view.ts';
import { SharedTimer } from './shared-timer.ts';

export type Clock = {
  now(): InstantMs;
  /** Runs once, after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Runs again and again, about every `periodMs` and never more rarely; the returned function ends it. It keeps no process alive. */
  every(periodMs: number, run: () => void): () => void;
};

const repeated = new SharedTimer();

/** CLOCK_MONOTONIC, which stands still neither for clock changes nor for other processes. */
export const systemClock: Clock = {
  now: () => (Number(process.hrtime.bigint()) / 1e6) as InstantMs, // the one place that reads it
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (periodMs, run) => repeated.every(periodMs, run),
};
