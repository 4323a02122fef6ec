/** `witness_addresses`: neighbours that belong to no host and no set, one of which must answer a host that is alone. */
import { checkSubnetAddress, isLinkLocal } from './address.ts';
import type { AddressUses } from './address-uses.ts';
import type { IpAddress } from './config.ts';
import { type ConfigError, formatPlace, quote } from './config-error.ts';
import { bitLength, parseIp } from './ip-number.ts';
import { witnessAddressesMax } from './limits.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

const key = 'witness_addresses';

/** @param uses every address of the hosts and of the sets */
export function decodeWitnessAddresses(
  texts: readonly (string | undefined)[] | undefined,
  table: TomlTable,
  uses: AddressUses,
  errors: ConfigError[],
): readonly IpAddress[] {
  if (texts === undefined) return [];
  if (texts.length === 0 || texts.length > witnessAddressesMax) {
    const message = `${texts.length} witness addresses; write 1 to ${witnessAddressesMax}, or leave the key out`;
    errors.push({ ...placeOf(table, key), message });
  }
  const found: IpAddress[] = [];
  for (const [index, text] of texts.entries()) {
    if (text === undefined) continue;
    const address = decode(text, uses);
    const message = typeof address === 'string' ? doubled(address, found) : address.problem;
    if (message !== null) errors.push({ ...placeOf(table, key, index), message });
    else if (typeof address === 'string') found.push(address);
  }
  return found;
}

function decode(text: string, uses: AddressUses): IpAddress | { readonly problem: string } {
  const number = parseIp(text);
  if (number === undefined) {
    return { problem: `${quote(text)} is no IP address; write one of a neighbour, such as 192.0.2.1` };
  }
  const parsed = checkSubnetAddress(number, bitLength(number.family));
  if (parsed.kind === 'problem') return { problem: parsed.message };
  const { address } = parsed.value;
  if (isLinkLocal(number)) {
    const right = 'write a global or unique local address';
    return { problem: `${address} is link-local and means another host on every link; ${right}` };
  }
  const use = uses.get(address);
  if (use === undefined) return address;
  const where = `${use.kind === 'path' ? 'a path' : 'an address'} of ${use.by}, at ${formatPlace(use.at)}`;
  return { problem: `${address} is ${where}; a witness is outside of the group, such as a router` };
}

function doubled(address: IpAddress, found: readonly IpAddress[]): string | null {
  return found.includes(address) ? `${address} is there twice; keep one of the two` : null;
}
