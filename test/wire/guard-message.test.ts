import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCount,
  decodeGuardAnswers,
  decodeHandover,
  encodeGuardMessage,
  type GuardedAddress,
} from '../../agent/wire/guard-message.ts';
import { parseMac, zeroMac } from '../../agent/wire/mac-address.ts';

const mac = parseMac('02:00:00:00:00:0a') ?? zeroMac;
const four: GuardedAddress = {
  family: 4,
  address: '192.0.2.10',
  prefixLength: 24,
  interfaceIndex: 2,
  mac,
  giving: false,
  preferred: false,
  fenceMs: 0,
  fixed: false,
};
const six: GuardedAddress = {
  ...four,
  family: 6,
  address: '2001:db8::10',
  prefixLength: 64,
  giving: true,
  preferred: true,
  fenceMs: 700,
  fixed: true,
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('encodeGuardMessage()', () => {
  it('hold: a header, and 32 bytes an address', () => {
    const bytes = encodeGuardMessage({ kind: 'hold', addresses: [four, six] }, 7);
    expect(hex(bytes)).toBe(
      '4800000700000040' +
        `00000002041800000200000000` +
        `0a0000c000020a${'00'.repeat(12)}` +
        `00000002064007000200000000` +
        `0a02bc20010db8000000000000000000000010`,
    );
  });

  it('keep: milliseconds', () => {
    expect(hex(encodeGuardMessage({ kind: 'keep', ms: 60_000 }, 3))).toBe('4b000003000000040000ea60');
  });

  it('progress and end have no body', () => {
    expect(hex(encodeGuardMessage({ kind: 'progress' }, 0))).toBe('5000000000000000');
    expect(hex(encodeGuardMessage({ kind: 'end' }, 0))).toBe('4500000000000000');
  });

  it('obituary: where from, where to, a frame a round', () => {
    const frames = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte));
    const path = {
      source: '10.0.0.1',
      port: 4807,
      multicast: true,
      interfaceIndex: 3,
      destinations: ['239.0.0.1'],
      frames,
    };
    const bytes = encodeGuardMessage({ kind: 'obituary', obituaries: [path] }, 1);
    expect(hex(bytes).slice(16)).toBe(
      `040112c7000000030a000001${'00'.repeat(12)}01ef000001${'00'.repeat(12)}000101000102000103000104`,
    );
  });
});

describe('decodeGuardAnswers()', () => {
  it('takes whole answers and leaves the rest', () => {
    const stream = Buffer.from('410000070000000100' + '410000080000000101' + '4100', 'hex');
    expect(decodeGuardAnswers(stream)).toEqual({
      kind: 'answers',
      answers: [
        { sequence: 7, done: true },
        { sequence: 8, done: false },
      ],
      rest: Buffer.from('4100', 'hex'),
    });
  });
});

describe('decodeHandover()', () => {
  it('gives back what the guard was told', () => {
    const records = encodeGuardMessage({ kind: 'hold', addresses: [four, six] }, 1).subarray(8);
    const answer = Buffer.concat([Buffer.from('5900000002', 'hex'), records]);
    expect(decodeHandover(answer)).toEqual({ kind: 'held', addresses: [four, six] });
    expect(decodeHandover(answer.subarray(0, -1))).toEqual({ kind: 'refused' });
  });

  it('knows a guard that is busy', () => {
    expect(decodeHandover(Buffer.from('N'))).toEqual({ kind: 'busy' });
    expect(decodeCount(Buffer.from('5900000102', 'hex'))).toEqual({ kind: 'count', count: 258 });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        decodeHandover(bytes);
        decodeCount(bytes);
        decodeGuardAnswers(bytes);
      }),
    );
  });
});
