import { describe, expect, it } from 'vitest';
import { doubtMs, Pulse } from '../../agent/system/pulse.ts';
import { quietMs, Restorer, restoreIntervalMs, restoresInARowMax, waitMsMax } from '../../agent/system/restorer.ts';
import { ManualClock } from './manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const restored: string[] = [];
  const restorer = new Restorer<string>({
    clock,
    restore: (addresses) => restored.push(`${clock.now()} ${addresses.join(' ')}`),
  });
  return { clock, restorer, restored };
}

describe('Restorer', () => {
  it('missing(): many at once come back together, when it is quiet', () => {
    const { clock, restorer, restored } = setUp();
    restorer.missing('a');
    clock.advance(quietMs - 1);
    restorer.missing('b');
    clock.advance(1000);
    expect(restored).toEqual([`${2 * quietMs - 1} a b`]);
    expect(clock.timers).toBe(0);
  });

  it('missing(): does not wait for quiet for ever', () => {
    const { clock, restorer, restored } = setUp();
    for (let n = 0; n < 30; n++) {
      restorer.missing(`a${n}`);
      clock.advance(quietMs / 2);
    }
    expect(restored[0]).toMatch(new RegExp(`^${waitMsMax} `));
  });

  it('missing(): after several in a row one address waits, and others do not', () => {
    const { clock, restorer, restored } = setUp();
    for (let n = 0; n < restoresInARowMax + 2; n++) {
      restorer.missing('a');
      clock.advance(quietMs);
    }
    expect(restored).toHaveLength(restoresInARowMax);
    expect(restorer.isExhausted('a')).toBe(true);
    restorer.missing('b');
    clock.advance(quietMs);
    expect(restored.at(-1)).toMatch(/ b$/);
    clock.advance(restoreIntervalMs);
    expect(restored.filter((line) => line.endsWith(' a'))).toHaveLength(restoresInARowMax + 1);
    clock.advance(restoreIntervalMs * restoresInARowMax);
    expect(restorer.isExhausted('a')).toBe(false);
  });

  it('forget(): what was given up does not come back', () => {
    const { clock, restorer, restored } = setUp();
    restorer.missing('a');
    restorer.missing('b');
    restorer.forget('a');
    clock.advance(1000);
    expect(restored).toEqual([`${quietMs} b`]);
  });
});

describe('Pulse', () => {
  it('doubtful: only after a gap, and for a while', () => {
    const clock = new ManualClock();
    const pulse = new Pulse({ clock, gapMs: 300 });
    clock.advance(5000);
    expect(pulse.doubtful).toBe(false);
    clock.standStill(10_000);
    expect(pulse.doubtful).toBe(true); // asked before any timer ran
    clock.advance(doubtMs - 1);
    expect(pulse.doubtful).toBe(true);
    clock.advance(1);
    expect(pulse.doubtful).toBe(false);
    pulse.close();
    expect(clock.timers).toBe(0);
  });
});
