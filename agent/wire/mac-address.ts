/** 48-bit link-layer addresses, text <-> bytes. */
import assert from 'node:assert';

/** Six lower-case hex octets with colons: `02:00:00:00:00:0a`. */
export type MacAddress = string & { readonly __brand: 'MacAddress' };

export const broadcastMac = 'ff:ff:ff:ff:ff:ff' as MacAddress; // well-formed as it stands
export const zeroMac = '00:00:00:00:00:00' as MacAddress; // well-formed as it stands

/** @param bytes 6 */
export function formatMac(bytes: Uint8Array): MacAddress {
  assert(bytes.length === 6, 'a MAC address has 6 bytes');
  let text = '';
  for (const byte of bytes) text += text === '' ? octets[byte] : `:${octets[byte]}`;
  return text as MacAddress; // made here, in the one form
}

/** Two hex digits each: every frame that is heard has four MACs. */
const octets: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function parseMac(text: string): MacAddress | null {
  const lower = text.toLowerCase();
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower) ? (lower as MacAddress) : null; // just checked
}

export function macBytes(mac: MacAddress): Uint8Array {
  const bytes = new Uint8Array(6);
  writeMac(bytes, 0, mac);
  return bytes;
}

export function writeMac(bytes: Uint8Array, offset: number, mac: MacAddress): void {
  for (let at = 0; at < 6; at++) {
    bytes[offset + at] = 16 * hexDigit(mac.charCodeAt(3 * at)) + hexDigit(mac.charCodeAt(3 * at + 1));
  }
}

/** Of a lower-case digit. */
function hexDigit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
