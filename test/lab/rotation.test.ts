import { describe, expect, it } from 'vitest';
import { Rotation } from '../../agent/lab/rotation.ts';

/** What comes in so many turns, one after the other. */
function taken(rotation: Rotation, turns: number): readonly number[] {
  return Array.from({ length: turns }, () => rotation.turn()).flat();
}

describe('Rotation', () => {
  it.each([
    { count: 6, turns: 1, what: 'all at once' },
    { count: 1000, turns: 100, what: 'some at a time' },
    { count: 7, turns: 3, what: 'some at a time, not the same number of them' },
    { count: 3, turns: 10, what: 'in some turns nobody' },
  ])('turn(): each once in the turns, in order: $what', ({ count, turns }) => {
    const all = Array.from({ length: count }, (_, at) => at);
    expect(taken(new Rotation(count, turns), 2 * turns)).toEqual([...all, ...all]);
  });

  it('turn(): as many each time, but for one', () => {
    const rotation = new Rotation(7, 3);
    expect([...new Set(Array.from({ length: 30 }, () => rotation.turn().length))].sort()).toEqual([2, 3]);
  });
});
