/** IP addresses as numbers: to count through ranges and to look at subnets. */
import { formatIpAddress, parseIpAddress } from '../wire/ip-address.ts';

export type IpNumber = { readonly family: 4 | 6; readonly bits: bigint };

export function parseIp(text: string): IpNumber | undefined {
  const parsed = parseIpAddress(text);
  if (parsed === null) return undefined;
  return { family: parsed.family, bits: parsed.bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n) };
}

/** Canonical. */
export function formatIp({ family, bits }: IpNumber): string {
  const length = bitLength(family) / 8;
  const byteAt = (index: number) => Number((bits >> BigInt(8 * (length - 1 - index))) & 0xffn);
  return formatIpAddress(Uint8Array.from({ length }, (_, index) => byteAt(index)));
}

export function bitLength(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** The bits that tell hosts of one subnet apart. */
export function hostBits({ family, bits }: IpNumber, prefixLength: number): bigint {
  return bits & hostMask(family, prefixLength);
}

/** Zero bits for the network, one bits for the host: also the highest value of `hostBits`. */
export function hostMask(family: 4 | 6, prefixLength: number): bigint {
  return (1n << BigInt(bitLength(family) - prefixLength)) - 1n;
}

export function isWithin({ family, bits }: IpNumber, network: IpNumber, prefixLength: number): boolean {
  const shift = BigInt(bitLength(family) - prefixLength);
  return family === network.family && bits >> shift === network.bits >> shift;
}
