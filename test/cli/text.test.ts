import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatElapsed, formatSince } from '../../agent/cli/elapsed.ts';
import { nameRanges } from '../../agent/cli/name-ranges.ts';
import { cut, painter, printable, widthOf, wrap } from '../../agent/cli/text.ts';

describe('printable()', () => {
  it('lets no escape sequence, line break or direction mark through, however deep', () => {
    expect(printable({ a: ['x\x1b[2Jy\n'], b: { c: '\u202e\u009b' }, n: 1, z: null })).toEqual({
      a: ['x?[2Jy?'],
      b: { c: '??' },
      n: 1,
      z: null,
    });
  });
});

describe('cut()', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['añ😀d', 3, 'añ…'],
    ['abcd', 0, ''],
    ['abcd', Infinity, 'abcd'],
  ])('makes %j fit %j', (text, width, expected) => expect(cut(text, width)).toBe(expected));
});

describe('wrap()', () => {
  it('breaks at spaces and indents what follows', () => {
    expect(wrap('! ', 'one two three four', 12)).toEqual(['! one two', '    three', '    four']);
  });

  it('leaves one line where the width is not bounded', () => {
    expect(wrap('  ', 'one two three', Infinity)).toEqual(['  one two three']);
  });

  it('never exceeds the width', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 5, max: 40 }), (text, width) => {
        for (const line of wrap('! ', text, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('painter()', () => {
  it('adds nothing without colour', () => {
    expect(painter({ colour: false })('red', 'x')).toBe('x');
    expect(painter({ colour: true })('red', 'x')).toBe('\x1b[31mx\x1b[0m');
  });
});

describe('formatElapsed()', () => {
  const second = 1_000;
  const minute = 60 * second;
  const hour = 60 * minute;
  it.each([
    [-5, '0 ms'],
    [0.4, '0 ms'],
    [999, '999 ms'],
    [999.9, '999 ms'],
    [second, '1 s'],
    [minute - 1, '59 s'],
    [minute, '1 min'],
    [hour - 1, '59 min'],
    [hour, '1 h'],
    [hour + 10 * minute, '1 h 10 min'],
    [24 * hour, '1 d'],
    [100 * hour, '4 d 4 h'],
  ])('says %d ms as %s', (ms, expected) => expect(formatElapsed(ms)).toBe(expected));
});

describe('formatSince()', () => {
  it('counts from the instant, and says nothing where there is none', () => {
    const now = new Date('2026-03-01T12:00:00Z');
    expect(formatSince('2026-03-01T11:57:00.000Z', now)).toBe('3 min');
    expect(formatSince(null, now)).toBe('-');
  });
});

describe('nameRanges()', () => {
  it.each([
    [[], ''],
    [['www'], 'www'],
    [['edge-1', 'edge-2'], 'edge-1, edge-2'],
    [['edge-08', 'edge-09', 'edge-10', 'www', 'web-1'], 'edge-08..edge-10, www, web-1'],
    [['a9', 'a10', 'a11'], 'a9..a11'],
    [['a1', 'b2', 'c3'], 'a1, b2, c3'],
    [['a1', 'a3', 'a5'], 'a1, a3, a5'],
    [['a01', 'a2', 'a3', 'a4'], 'a01, a2..a4'],
    [['7', '8', '9'], '7..9'],
  ])('writes %j as %j', (names, expected) => expect(nameRanges(names)).toBe(expected));
});
