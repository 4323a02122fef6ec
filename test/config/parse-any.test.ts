import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../agent/config/parse.ts';

describe('parseConfig() never throws', () => {
  const file = readFileSync(new URL('../../conf/holdfast.toml', import.meta.url), 'utf8');

  /** Valid, or told with places inside the file, in order. */
  function expectAnswer(text: string): void {
    const result = parseConfig(text, 'f');
    if (result.ok) return;
    expect(result.errors.length).toBeGreaterThan(0);
    const lines = text.split('\n').length;
    for (const [index, { line, column, message }] of result.errors.entries()) {
      const previous = result.errors[index - 1];
      expect(line).toBeGreaterThanOrEqual(previous?.line ?? 1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(message).not.toBe('');
    }
  }

  it('on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), expectAnswer));
  });

  it('on pieces of TOML in any order', () => {
    const pieces = [
      '[host.a]',
      '[set',
      '.b]',
      '[[',
      ']]',
      '\n',
      ' = ',
      'paths',
      'group',
      '"',
      "'''",
      '10.0.0.1',
      '/24',
      '{',
      '}',
      '[',
      ']',
      ',',
      '#',
      '-',
      '1979-05-27',
      'nan',
      '__proto__',
      '.',
      '\\u0000',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (list) => expectAnswer(list.join(''))),
    );
  });

  it('on a valid file with a piece cut out, doubled or replaced', () => {
    const place = fc.nat({ max: file.length });
    const mutation = fc.record({
      from: place,
      length: fc.nat({ max: 40 }),
      with: fc.string({ maxLength: 6 }),
      again: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        let text = file;
        for (const { from, length, with: inserted, again } of mutations) {
          const middle = again ? text.slice(from, from + length).repeat(2) : inserted;
          text = text.slice(0, from) + middle + text.slice(from + length);
        }
        expectAnswer(text);
      }),
    );
  });

  it('on lines of a valid file in any order, also twice', () => {
    const lines = file.split('\n').filter((line) => !line.startsWith('#'));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 60 }), (list) => expectAnswer(list.join('\n'))),
    );
  });
});

describe('parseConfig() takes no longer for a file of 1 MiB than its size asks for', () => {
  const fill = (piece: (n: number) => string) => {
    let text = '';
    for (let n = 0; text.length < 900_000; n++) text += piece(n);
    return text;
  };

  it.each([
    ['array tables', fill(() => '[[a]]\n')],
    ['sets', fill((n) => `[set.s${n}]\ninterface="e"\naddresses=["10.0.0.1/8"]\n`)],
    ['unknown keys', fill((n) => `heartbeet${n}=1\n`)],
    ['eligible hosts', `[set.a]\nonly=[${fill((n) => `"h${n}",`)}]`],
    ['preferences', `[set.a]\nprefer=[${fill((n) => `"h${n}",`)}]`],
    ['paths', `[host.a]\npaths=[${fill(() => '"x",')}]`],
    ['ranges', `[pool.a]\nprefix=24\nranges=[${fill(() => '"10.0.0.1-10.0.0.9",')}]`],
    ['spaces', `a${fill(() => ' ')}\nb`],
    ['one text', `group="${fill(() => '-')}"`],
  ])('%s', { timeout: 15_000 }, (_, text) => {
    expect(parseConfig(text, 'f').ok).toBe(false);
  });
});
