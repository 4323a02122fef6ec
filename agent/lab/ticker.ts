/**
 * A thread that says "now" at a steady rate. Timers of an event loop have whole milliseconds and come late by parts of one: at
 * an interval of 1 ms every sixth tick is missing. Waiting on a cell nobody writes takes fractions.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { goFirst } from './client-priority.ts';
import { monotonicMs } from './clock.ts';

export type TickerData = { readonly intervalMs: number };

const { intervalMs } = workerData as TickerData; // given by the prober
const cell = new Int32Array(new SharedArrayBuffer(4));
let dueMs = monotonicMs();
goFirst();

for (;;) {
  const nowMs = monotonicMs();
  // What was slept through is left out, not made up for.
  dueMs = Math.max(dueMs + intervalMs, nowMs);
  Atomics.wait(cell, 0, 0, dueMs - nowMs);
  parentPort?.postMessage(null);
}
