/**
 * What members tell each other of the MACs their virtual addresses are announced from, beside ownership's messages: whoever hears an
 * address claimed from one of these hears the group, no stranger. JSON, as ownership's.
 */
import { type MacAddress, parseMac } from './mac-address.ts';
import { readOpened } from './opening.ts';

/** More would be another machine's whole switch. */
export const stationsMax = 64;

export function encodeStations(macs: readonly MacAddress[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ kind: 'stations', macs: macs.slice(0, stationsMax) }));
}

/** Never throws. Null where it is another message. */
export function decodeStations(bytes: Uint8Array): readonly MacAddress[] | null {
  const message = readOpened(bytes, 'stations');
  if (message === null) return null;
  const macs: readonly unknown[] = Array.isArray(message.macs) ? message.macs : [];
  return macs.slice(0, stationsMax).flatMap((mac) => (typeof mac === 'string' ? (parseMac(mac) ?? []) : []));
}
