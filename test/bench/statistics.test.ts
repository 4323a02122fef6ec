import { describe, expect, it } from 'vitest';
import { spreadOf } from './statistics.ts';

describe('spreadOf()', () => {
  it.each([
    [[3, 1, 20], { median: 3, min: 1, max: 20, runs: 3 }],
    [[10, 2, 4, 1], { median: 3, min: 1, max: 10, runs: 4 }],
    [[7], { median: 7, min: 7, max: 7, runs: 1 }],
  ])('of %j', (values, expected) => {
    expect(spreadOf(values)).toEqual(expected);
  });

  it('refuses nothing', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});
