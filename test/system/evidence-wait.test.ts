import { describe, expect, it } from 'vitest';
import { onceEvident } from '../../agent/system/evidence-wait.ts';
import { ManualClock } from './manual-clock.ts';

/** @param isAnswered the first question there is */
function setUp(isAnswered: () => boolean) {
  const evidence = { ask: () => 1, isAnswered };
  const clock = new ManualClock();
  const ran: number[] = [];
  const end = onceEvident({ clock, evidence, waitMs: 1_000, stallMs: 300 }, () => ran.push(clock.now()));
  return { clock, ran, end };
}

describe('onceEvident()', () => {
  it('runs when the question is answered', () => {
    let answered = false;
    const { clock, ran } = setUp(() => answered);
    clock.advance(100);
    expect(ran).toEqual([]);
    answered = true;
    clock.advance(20);
    expect(ran).toEqual([111]);
    clock.advance(5_000);
    expect(ran).toHaveLength(1);
  });

  it('runs at once where nobody has to be asked', () => {
    expect(setUp(() => true).ran).toEqual([0]);
  });

  it('runs at the end of the wait where nobody answers', () => {
    const { clock, ran } = setUp(() => false);
    clock.advance(5_000);
    expect(ran).toEqual([1_011]); // the next look
  });

  it('does not run after a stall, nor when it was ended', () => {
    const stalled = setUp(() => false);
    stalled.clock.standStill(10_000);
    stalled.clock.advance(5_000);
    expect(stalled.ran).toEqual([]);
    const ended = setUp(() => false);
    ended.end();
    ended.clock.advance(5_000);
    expect(ended.ran).toEqual([]);
  });
});
