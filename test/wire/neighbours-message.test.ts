import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeNeighbours, encodeNeighbours, neighboursMax } from '../../agent/wire/neighbours-message.ts';
import { encodeStations } from '../../agent/wire/stations-message.ts';
import { anyBytes, damaged, ipv4, ipv6, mac } from './arbitraries.ts';

it('encodeNeighbours(): decodes to the same hosts, the first 256', () => {
  const host = fc.record({ address: fc.oneof(ipv4, ipv6), mac });
  fc.assert(
    fc.property(fc.array(host, { maxLength: 300 }), (hosts) => {
      expect(decodeNeighbours(encodeNeighbours(hosts))).toEqual(hosts.slice(0, neighboursMax));
    }),
    { numRuns: 200 },
  );
});

it('decodeNeighbours(): is null for other messages, and leaves out what is no host', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(decodeNeighbours(encodeStations([]))).toBeNull();
  expect(decodeNeighbours(bytes('{"kind":"neighbours",'))).toBeNull();
  expect(decodeNeighbours(bytes('{"kind":"neighbours","hosts":{}}'))).toEqual([]);
  const hosts = '["192.0.2.1","02:00:00:00:00:01"],["192.0.2","02:00:00:00:00:01"],["192.0.2.2"],null,[1,2]';
  expect(decodeNeighbours(bytes(`{"kind":"neighbours","hosts":[${hosts}]}`))).toEqual([
    { address: '192.0.2.1', mac: '02:00:00:00:00:01' },
  ]);
});

it('decodeNeighbours(): never throws', () => {
  const real = encodeNeighbours([]);
  fc.assert(
    fc.property(fc.oneof(anyBytes, damaged(real)), (bytes) => {
      const decoded = decodeNeighbours(bytes);
      expect(decoded === null || Array.isArray(decoded)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
