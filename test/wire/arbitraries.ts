import fc from 'fast-check';
import { formatIpAddress } from '../../agent/wire/ip-address.ts';
import { formatMac } from '../../agent/wire/mac-address.ts';

export const anyBytes = fc.uint8Array({ maxLength: 200 });
export const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(formatMac);
export const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatIpAddress);
export const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatIpAddress);

/** `base` with some bytes overwritten and its end cut off: hostile bytes that get further into a parser than random ones. */
export function damaged(base: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(base.length - 1), fc.nat(255));
  return fc.tuple(fc.array(change, { maxLength: 8 }), fc.nat(base.length)).map(([changes, length]) => {
    const bytes = base.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return bytes.subarray(0, length);
  });
}
