/**
 * IPv4 secondaries. Of several addresses of one subnet on one interface the first is the primary; unless promote_secondaries
 * is set, removing it makes the kernel remove the others too, whosever they are.
 */
import { parseIpAddress } from '../wire/ip-address.ts';
import { addressFlags, type KernelAddress } from '../wire/rtnetlink-address.ts';

/** Those that stay, if only the kernel lets them: to be put back in the same system call. */
export function secondariesLostWith(
  removed: ReadonlySet<KernelAddress>,
  present: readonly KernelAddress[],
): readonly KernelAddress[] {
  const primaries = [...removed].filter((address) => address.family === 4 && !isSecondary(address));
  return present.filter(
    (address) =>
      address.family === 4 &&
      isSecondary(address) &&
      !removed.has(address) &&
      primaries.some((primary) => sameSubnet(primary, address)),
  );
}

export function isSecondary(address: KernelAddress): boolean {
  return (address.flags & addressFlags.secondary) !== 0;
}

export function sameSubnet(a: KernelAddress, b: KernelAddress): boolean {
  return a.interfaceIndex === b.interfaceIndex && a.prefixLength === b.prefixLength && networkOf(a) === networkOf(b);
}

/** The network part as a number; the kernel compares IFA_ADDRESS, which is the peer's where there is one. */
function networkOf(address: KernelAddress): number {
  const bytes = parseIpAddress(address.peer ?? address.address)?.bytes ?? new Uint8Array(4);
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return Math.floor(value / 2 ** (32 - address.prefixLength));
}
