import { describe, expect, it } from 'vitest';
import { nobodyElse } from '../../agent/membership/evidence.ts';
import { onceEvident } from '../../agent/system/evidence-wait.ts';
import { ManualClock } from './manual-clock.ts';

function setUp(evidence: () => number) {
  const clock = new ManualClock();
  const ran: number[] = [];
  const end = onceEvident({ clock, evidence, waitMs: 1_000, stallMs: 300 }, () => ran.push(clock.now()));
  return { clock, ran, end };
}

describe('onceEvident()', () => {
  it('runs when another member is heard in the view, and not for what was heard before', () => {
    let heard = 7;
    const { clock, ran } = setUp(() => heard);
    clock.advance(100);
    expect(ran).toEqual([]);
    heard += 1;
    clock.advance(20);
    expect(ran).toEqual([120]);
    clock.advance(5_000);
    expect(ran).toHaveLength(1);
  });

  it('runs at once where there is nobody else, also where that becomes so while it waits', () => {
    expect(setUp(() => nobodyElse).ran).toEqual([0]);
    let heard = 7;
    const { clock, ran } = setUp(() => heard);
    heard = nobodyElse;
    clock.advance(20);
    expect(ran).toEqual([20]);
  });

  it('runs at the end of the wait where nobody is heard', () => {
    const { clock, ran } = setUp(() => 7);
    clock.advance(5_000);
    expect(ran).toEqual([1_000]);
  });

  it('does not run after a stall, nor when it was ended', () => {
    const stalled = setUp(() => 7);
    stalled.clock.standStill(10_000);
    stalled.clock.advance(5_000);
    expect(stalled.ran).toEqual([]);
    const ended = setUp(() => 7);
    ended.end();
    ended.clock.advance(5_000);
    expect(ended.ran).toEqual([]);
  });
});
