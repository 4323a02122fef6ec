import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineRehearsals } from '../../agent/channel/engine-rehearsals.ts';
import type { InstantMs } from '../../agent/membership/view.ts';
import { viewOf } from '../membership/network.ts';

const network = viewOf('a', 'b', 'c');
let clockMs: number;
/** How often the state was asked for, with which each rehearsal begins. */
let asked: number;
let rehearsals: EngineRehearsals;

beforeEach(() => {
  vi.useFakeTimers();
  clockMs = network.nowMs;
  asked = 0;
  const state = () => {
    asked += 1;
    return network.stateOf('a');
  };
  rehearsals = new EngineRehearsals(state, () => clockMs as InstantMs); // counted up from an instant
});

afterEach(() => {
  vi.useRealTimers();
});

/** Looks every 50 ms for so long. */
function lookFor(ms: number): void {
  for (const end = clockMs + ms; clockMs < end; ) {
    clockMs += 50;
    rehearsals.look();
  }
}

describe('EngineRehearsals', () => {
  it('a dozen after a view, 150 ms apart, and then none any more', () => {
    lookFor(1_000);
    expect(asked).toBe(0);
    rehearsals.viewInstalled();
    lookFor(100);
    expect(asked).toBe(0);
    lookFor(50);
    expect(asked).toBe(1);
    lookFor(10_000);
    expect(asked).toBe(12);
  });

  it('one for a suspect, when the main thread has asked for it, and not again within a second', () => {
    const suspects = [network.memberOf('b')];
    rehearsals.suspect(suspects);
    expect(asked).toBe(0);
    vi.advanceTimersByTime(2);
    expect(asked).toBe(1);
    clockMs += 500;
    rehearsals.suspect(suspects);
    vi.advanceTimersByTime(2);
    expect(asked).toBe(1);
    clockMs += 500;
    rehearsals.suspect(suspects);
    rehearsals.close();
    vi.advanceTimersByTime(2);
    expect(asked).toBe(1);
  });
});
