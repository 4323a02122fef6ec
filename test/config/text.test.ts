import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatConfigErrors } from '../../agent/config/config-error.ts';
import { formatDuration, parseDuration } from '../../agent/config/duration.ts';
import { formatIp, parseIp } from '../../agent/config/ip-number.ts';
import { editDistance, nearestName } from '../../agent/config/nearest.ts';
import { decodeUtf8 } from '../../agent/config/read.ts';
import { explainSyntaxError } from '../../agent/config/toml-syntax.ts';

describe('parseDuration()', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2000],
    ['1m', 60_000],
    ['24h', 86_400_000],
    ['0s', 0],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '5', 's', '1.5s', '-1s', ' 1s', '1s ', '1 s', '1S', '1d', '1s1ms', '1e3ms', '9999999999ms'])(
    'not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('reads what formatDuration() writes', () => {
    fc.assert(fc.property(fc.nat({ max: 999_999_999 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe('nearestName()', () => {
  const known = ['group', 'heartbeat', 'detect', 'port'];

  it.each([
    ['hearbeat', 'heartbeat'],
    ['HEARTBEAT', 'heartbeat'],
    ['detct', 'detect'],
    ['ports', 'port'],
    ['prt', 'port'],
    ['balance', undefined],
    ['x', undefined],
    ['', undefined],
  ])('%j is nearest to %j', (wrong, nearest) => {
    expect(nearestName(wrong, known)).toBe(nearest);
  });

  it('takes the nearer of two', () => {
    expect(nearestName('paths', ['path', 'baths', 'paths-'])).toBe('path');
    expect(nearestName('aaaaaab', ['aaaaacc', 'aaaaaaa'])).toBe('aaaaaaa');
  });
});

describe('editDistance()', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

  it('is a metric', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });

  it('counts insertions, deletions and substitutions', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });
});

describe('formatIp()', () => {
  it('writes what parseIp() reads', () => {
    const ip = fc.oneof(
      fc.record({ family: fc.constant(4 as const), bits: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }) }),
      fc.record({ family: fc.constant(6 as const), bits: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }) }),
    );
    fc.assert(
      fc.property(ip, (number) => {
        expect(parseIp(formatIp(number))).toEqual(number);
      }),
    );
  });
});

describe('decodeUtf8()', () => {
  it('leaves out a byte order mark', () => {
    expect(decodeUtf8(Buffer.from('\ufeffgroup'))).toBe('group');
  });

  it.each([
    ['a byte of Latin-1', Buffer.from('a = 1\nb = "\xe4"', 'latin1'), { line: 2, column: 6 }],
    ['the first byte', Buffer.from([0xff, 0x41]), { line: 1, column: 1 }],
    ['after a character of two code units', Buffer.from([...Buffer.from('é\n😀'), 0xc0]), { line: 2, column: 3 }],
    ['a character cut off at the end', Buffer.from('aé').subarray(0, 2), { line: 1, column: 2 }],
  ])('finds %s', (_, bytes, place) => {
    expect(decodeUtf8(bytes)).toEqual(place);
  });

  it('finds the place that the slow way finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0x41, 0x0a, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80), { maxLength: 12 }),
        (list) => {
          const found = decodeUtf8(Uint8Array.from(list));
          if (typeof found === 'string') return;
          const decoded = Buffer.from(list).toString('utf8').split('\n');
          expect(decoded[found.line - 1]?.charAt(found.column - 1)).toBe('\ufffd');
          expect(decoded.slice(0, found.line - 1).join('')).not.toContain('\ufffd');
        },
      ),
    );
  });
});

describe('formatConfigErrors()', () => {
  it('says how many it leaves out', () => {
    const errors = Array.from({ length: 103 }, (_, index) => ({ line: index + 1, column: 1, message: 'm' }));
    const lines = formatConfigErrors('f', errors).split('\n');
    expect(lines).toHaveLength(101);
    expect(lines[0]).toBe('f:1:1: m');
    expect(lines.at(-1)).toBe('f: and 3 more errors');
  });
});

describe('explainSyntaxError()', () => {
  it('does not explain away a mistake of our own', () => {
    expect(() => explainSyntaxError(new TypeError('ours'), '')).toThrow('ours');
  });
});
