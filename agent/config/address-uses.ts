/** Every address of the file and who uses it: no address may be used twice. */

import { isLinkLocal, type SubnetAddress } from './address.ts';
import type { VirtualAddress } from './config.ts';
import { type ConfigError, formatPlace, type Position } from './config-error.ts';

export type AddressUse = {
  readonly kind: 'path' | 'virtual';
  /** `host e1`, `set www` */
  readonly by: string;
  readonly at: Position;
};

export type AddressUses = Map<string, AddressUse>;

/** A link-local address is another one on every interface. */
export function useKey({ number, address }: SubnetAddress, on: VirtualAddress['interface']): string {
  return isLinkLocal(number) ? `${address}%${on}` : address;
}

/** Notes the use; tells an earlier one and returns false. */
export function noteUse(uses: AddressUses, key: string, use: AddressUse, errors: ConfigError[]): boolean {
  const earlier = uses.get(key);
  if (earlier === undefined) {
    uses.set(key, use);
    return true;
  }
  const place = formatPlace(earlier.at);
  const message =
    earlier.kind === use.kind
      ? `${key} is in ${earlier.by} already, at ${place}; keep one of the two`
      : `${key} is a path of ${earlier.by}, at ${place}; a virtual address must be one that no host has for itself`;
  errors.push({ ...use.at, message });
  return false;
}
