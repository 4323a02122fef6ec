import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WakeupTimer } from '../../agent/channel/wakeup-timer.ts';
import type { InstantMs } from '../../agent/membership/view.ts';

/** Where a timer of whole milliseconds cannot be set to. */
const due = at(24.2);
const lookMs = 100;

let clockMs: number;
let rung: number[];
let timer: WakeupTimer;

beforeEach(() => {
  vi.useFakeTimers();
  clockMs = 0;
  rung = [];
  timer = new WakeupTimer(
    () => at(clockMs),
    () => rung.push(clockMs),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

/** The next timer that is set rings at this instant. */
function ringsAt(ms: number): void {
  clockMs = ms;
  vi.advanceTimersToNextTimer();
}

describe('WakeupTimer.set()', () => {
  it('rings after whole milliseconds, when the deadline has passed', () => {
    timer.set(due, lookMs, false);
    vi.advanceTimersByTime(24);
    expect(rung).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rung).toHaveLength(1);
  });

  it('rings early enough before a sharp deadline for a timer that is late, and then within a round of it', () => {
    timer.set(due, lookMs, true);
    vi.advanceTimersByTime(22);
    expect(rung).toEqual([]);
    ringsAt(23.9); // by almost a millisecond
    expect(rung).toEqual([23.9]);
    timer.set(due, lookMs, true);
    for (const ms of [24, 24.1, 24.19]) ringsAt(ms);
    expect(rung).toEqual([23.9]);
    ringsAt(24.21);
    expect(rung).toEqual([23.9, 24.21]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not go round for longer than 1.5 ms', () => {
    clockMs = 22.5;
    timer.set(due, lookMs, true);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersToNextTimer(); // a timer: it rings, and is set anew
    expect(rung).toEqual([22.5]);
  });

  it('stays as it is for a later deadline, and looks in between', () => {
    timer.set(due, lookMs, false);
    timer.set(at(70), lookMs, true);
    vi.advanceTimersByTime(25);
    expect(rung).toHaveLength(1);
    timer.set(at(5_000), lookMs, false);
    vi.advanceTimersByTime(lookMs);
    expect(rung).toHaveLength(2);
  });

  it('clear(): does not ring any more, nor go round', () => {
    timer.set(due, lookMs, false);
    timer.clear();
    clockMs = 24;
    timer.set(due, lookMs, true);
    timer.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});

function at(ms: number): InstantMs {
  return ms as InstantMs; // milliseconds of a clock that begins at 0
}
