/** 48-bit link-layer addresses, text <-> bytes. */
import assert from 'node:assert';

/** Six lower-case hex octets with colons: `02:00:00:00:00:0a`. */
export type MacAddress = string & { readonly __brand: 'MacAddress' };

export const broadcastMac = 'ff:ff:ff:ff:ff:ff' as MacAddress; // well-formed as it stands
export const zeroMac = '00:00:00:00:00:00' as MacAddress; // well-formed as it stands

/** @param bytes 6 */
export function formatMac(bytes: Uint8Array): MacAddress {
  assert(bytes.length === 6, 'a MAC address has 6 bytes');
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
  return text as MacAddress; // made here, in the one form
}

export function parseMac(text: string): MacAddress | null {
  const lower = text.toLowerCase();
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower) ? (lower as MacAddress) : null; // just checked
}

export function macBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
}
