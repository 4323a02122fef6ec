/**
 * What members tell each other of the MACs their virtual addresses are announced from, beside ownership's messages: whoever hears an
 * address claimed from one of these hears the group, no stranger. JSON, as ownership's.
 */
import { type MacAddress, parseMac } from './mac-address.ts';
import { beginsAs } from './opening.ts';

/** More would be another machine's whole switch. */
export const stationsMax = 64;

export function encodeStations(macs: readonly MacAddress[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ kind: 'stations', macs: macs.slice(0, stationsMax) }));
}

/** Never throws. Null where it is another message. */
export function decodeStations(bytes: Uint8Array): readonly MacAddress[] | null {
  if (!beginsAs(bytes, 'stations')) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const macs: readonly unknown[] = 'macs' in value && Array.isArray(value.macs) ? value.macs : [];
  return macs.slice(0, stationsMax).flatMap((mac) => (typeof mac === 'string' ? (parseMac(mac) ?? []) : []));
}
