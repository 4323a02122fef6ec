import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSplitter } from '../../agent/control/lines.ts';

const text = (lines: readonly Uint8Array[]): string[] => lines.map((line) => new TextDecoder().decode(line));

describe('lineSplitter()', () => {
  it('finds the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }).map((line) => line.replaceAll('\n', ' '))),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (lines, sizes) => {
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const splitter = lineSplitter(1_000);
          const found: string[] = [];
          let at = 0;
          for (let turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            found.push(...text(splitter.push(bytes.subarray(at, at + size)).lines));
            at += size;
          }
          expect(found).toEqual(lines);
        },
      ),
    );
  });

  it('takes a line of exactly the bound, in single bytes', () => {
    const splitter = lineSplitter(200);
    for (let i = 0; i < 200; i += 1) expect(splitter.push(Uint8Array.of(0x61))).toEqual({ lines: [], tooLong: false });
    expect(text(splitter.push(Uint8Array.of(0x0a)).lines)).toEqual(['a'.repeat(200)]);
  });

  it.each([[[201]], [[200, 1]], [[1, 200]]])('gives up on a line above the bound that comes as %j bytes', (sizes) => {
    const splitter = lineSplitter(200);
    const last = sizes.map((size) => splitter.push(new Uint8Array(size).fill(0x61))).at(-1);
    expect(last).toEqual({ lines: [], tooLong: true });
    expect(splitter.push(new TextEncoder().encode('{}\n'))).toEqual({ lines: [], tooLong: true });
  });

  it('still gives the lines before the one that is too long', () => {
    const { lines, tooLong } = lineSplitter(3).push(new TextEncoder().encode('a\nb\nlong\n'));
    expect([text(lines), tooLong]).toEqual([['a', 'b'], true]);
  });
});
