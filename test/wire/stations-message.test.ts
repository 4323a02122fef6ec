import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeStations, encodeStations, stationsMax } from '../../agent/wire/stations-message.ts';
import { anyBytes, damaged, mac } from './arbitraries.ts';

describe('decodeStations', () => {
  it('decodeStations(): reads what encodeStations() writes', () => {
    fc.assert(
      fc.property(fc.array(mac, { maxLength: stationsMax }), (macs) => {
        expect(decodeStations(encodeStations(macs))).toEqual(macs);
      }),
    );
  });

  it('decodeStations(): takes no more than there can be, and nothing that is no MAC', () => {
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const many = Array(1000).fill('02:00:00:00:00:01');
    expect(decodeStations(bytes({ kind: 'stations', macs: many }))).toHaveLength(stationsMax);
    expect(decodeStations(bytes({ kind: 'stations', macs: [1, null, 'x', '02:00:00:00:00:01'] }))).toEqual([
      '02:00:00:00:00:01',
    ]);
    expect(decodeStations(bytes({ kind: 'stations' }))).toEqual([]);
  });

  it('decodeStations(): leaves other messages to others', () => {
    expect(decodeStations(new TextEncoder().encode('{"kind":"report"}'))).toBeNull();
  });

  it('decodeStations(): never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(encodeStations([]))), (bytes) => {
        decodeStations(bytes);
      }),
    );
  });
});
