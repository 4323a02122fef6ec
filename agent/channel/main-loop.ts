/**
 * Whether the main loop runs, as its thread's neighbour sees it. The loop counts in shared memory, the engine's thread looks. Words
 * in memory and not messages: a loop that comes back must find the news before everything that waited for it.
 */

import type { InstantMs } from '../membership/view.ts';

/** Words of the shared memory. */
const beatsAt = 0;
const suspensionsAt = 1;
const words = 2;

/** How often the loop counts, and is looked at, within the time it may hang. */
const looksPerHang = 5;

/** Between two looks, at most. */
export function lookIntervalMs(hangMs: number): number {
  return hangMs / looksPerHang;
}

export function createMainLoopMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
}

/** Runs again and again, and never more rarely; the returned function ends it. It keeps no process alive. */
export type Every = (periodMs: number, run: () => void) => () => void;

export const ownTimer: Every = (periodMs, run) => {
  const timer = setInterval(run, periodMs).unref();
  return () => clearInterval(timer);
};

/** On the main loop. */
export class MainLoopBeat {
  readonly #words: Int32Array;
  readonly #stop: () => void;
  #suspensionsSeen = 0;

  /** @param onBeat called at every beat, before anything else of it */
  constructor(memory: SharedArrayBuffer, hangMs: number, every: Every, onBeat: () => void) {
    this.#words = new Int32Array(memory);
    this.#stop = every(lookIntervalMs(hangMs), () => {
      onBeat();
      this.count();
    });
  }

  /** Also between the beats: a loop that goes from one long work to the next runs, though no timer has its turn. */
  count(): void {
    Atomics.add(this.#words, beatsAt, 1);
  }

  /** True once after each time that the loop was taken for hanging. */
  takeSuspension(): boolean {
    const suspensions = Atomics.load(this.#words, suspensionsAt);
    if (suspensions === this.#suspensionsSeen) return false;
    this.#suspensionsSeen = suspensions;
    return true;
  }

  stop(): void {
    this.#stop();
  }
}

export type MainLoopHandlers = { onHang(): void; onReturn(): void };

/**
 * On the engine's thread, which looks whenever it wakes up. It counts its own looks without progress, each for the time since the one
 * before but for no more than an interval: where the whole process stood still, no look came either, and the loop has its time when
 * both go on.
 */
export class MainLoopWatch {
  readonly #words: Int32Array;
  readonly #hangMs: number;
  readonly #handlers: MainLoopHandlers;
  #beats = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** For how long it was looked at in vain, from the first such look on; null: it has counted since the last one. */
  #standsMs: number | null = null;
  #hangs = false;

  constructor(memory: SharedArrayBuffer, hangMs: number, handlers: MainLoopHandlers) {
    this.#words = new Int32Array(memory);
    this.#hangMs = hangMs;
    this.#handlers = handlers;
  }

  /** At least every `lookIntervalMs`. */
  look(now: InstantMs): void {
    const beats = Atomics.load(this.#words, beatsAt);
    const progress = beats !== this.#beats;
    const sinceMs = Math.min(now - this.#lookedAt, lookIntervalMs(this.#hangMs));
    this.#beats = beats;
    this.#lookedAt = now;
    this.#standsMs = progress ? null : this.#standsMs === null ? 0 : this.#standsMs + sinceMs;
    if (progress && this.#hangs) {
      this.#hangs = false;
      this.#handlers.onReturn();
    } else if (!this.#hangs && this.#standsMs !== null && this.#standsMs >= this.#hangMs) {
      this.#hangs = true;
      Atomics.add(this.#words, suspensionsAt, 1); // before anybody can take over
      this.#handlers.onHang();
    }
  }
}
