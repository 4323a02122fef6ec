import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRestart, encodeRestart } from '../../agent/wire/restart-message.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('decodeRestart()', () => {
  it.each([{ kind: 'restarting', keepMs: 60_000 } as const, { kind: 'restart-heard' } as const])(
    'gives back %j',
    (message) => {
      expect(decodeRestart(encodeRestart(message))).toEqual(message);
    },
  );

  it('passes over fields that a later version may add', () => {
    expect(decodeRestart(bytes({ kind: 'restart-heard', more: 1 }))).toEqual({ kind: 'restart-heard' });
  });

  it.each([
    [{ kind: 'stations', macs: [] }],
    [{ kind: 'restarting' }],
    [{ kind: 'restarting', keepMs: -1 }],
    [{ kind: 'restarting', keepMs: '60' }],
    [null],
  ])('is null for %j', (value) => {
    expect(decodeRestart(bytes(value))).toBeNull();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (any) => decodeRestart(any) === null));
  });
});
