/** Reads what `ip -ts -o monitor address` prints: a kernel's own account of its addresses, independent of our codecs. */

export type AddressLine = {
  /** Wall-clock ms (Unix; `ip` runs with TZ=UTC) with microseconds as the fraction: when `ip` read the message. */
  readonly wallMs: number;
  readonly kind: 'held' | 'gone';
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
};

// [2025-11-21T05:20:11.482019] Deleted 2: eth0    inet 10.77.0.50/24 scope global …
const pattern = /^\[([0-9T:.-]+)\] (Deleted )?\d+: (\S+)\s+inet6? ([0-9a-f.:]+)(?: peer \S+?)?(?:\/(\d+))? /;

/** @returns null for every line that is not about an address */
export function parseAddressLine(line: string): AddressLine | null {
  const [, at, deleted, interfaceName, address, prefixLength] = pattern.exec(line) ?? [];
  if (at === undefined || interfaceName === undefined || address === undefined) return null;
  const [seconds = '', fraction = '0'] = at.split('.');
  const wallMs = Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
  const family = address.includes(':') ? 128 : 32;
  return {
    wallMs,
    kind: deleted === undefined ? 'held' : 'gone',
    interface: interfaceName,
    address,
    prefixLength: prefixLength === undefined ? family : Number(prefixLength),
  };
}
