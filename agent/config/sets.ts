/** `[set.NAME]`: addresses that move together. */
import { isLinkLocal, parseSubnet, parseSubnetAddress, type SubnetAddress, subnetOf } from './address.ts';
import { type AddressUses, noteUse, useKey } from './address-uses.ts';
import type { Host, InterfaceChoice, InterfaceName, ManagedSet, SetName, VirtualAddress } from './config.ts';
import type { ConfigError, Position } from './config-error.ts';
import { bitLength } from './ip-number.ts';
import { addressesPerSetMax } from './limits.ts';
import { namedTables } from './named-tables.ts';
import { interfaceProblem, nameProblem } from './names.ts';
import { decodeHostNames, decodeSetPolicy, type PolicyDefaults } from './set-policy.ts';
import { addressShape, decodeTable, placeOf, setShape } from './shape.ts';
import type { TomlTable } from './toml.ts';

/** What the sets of a file refer to and add to. */
export type SetContext = {
  readonly hosts: readonly Host[];
  readonly defaults: PolicyDefaults;
  readonly uses: AddressUses;
  /** Names of sets that exist already, and where they are given. */
  readonly names: Map<string, Position>;
  readonly errors: ConfigError[];
};

export function decodeSets(sets: TomlTable, context: SetContext): ManagedSet[] {
  return namedTables('set', sets, context.errors).map(({ name, table }) => decodeSet(name, table, context));
}

function decodeSet(name: string, table: TomlTable, context: SetContext): ManagedSet {
  const { errors, names, hosts } = context;
  const problem = nameProblem('set', name);
  if (problem !== undefined) errors.push({ ...table.at, message: problem });
  names.set(name, table.at);
  const shape = decodeTable(setShape, table, `[set.${name}]`, errors);
  const interfaceChoice = decodeInterface(shape.interface, placeOf(table, 'interface'), errors);
  return {
    name: name as SetName,
    addresses: shape.addresses
      ? decodeAddresses(name, shape.addresses, interfaceChoice, table, context).map(sourceOf(shape))
      : [],
    prefer: shape.prefer ? decodeHostNames('prefer', shape.prefer, table, hosts, errors) : [],
    ...decodeSetPolicy(shape, table, context),
  };
}

function decodeAddresses(
  set: string,
  items: readonly (string | TomlTable | undefined)[],
  setInterface: InterfaceChoice | undefined,
  table: TomlTable,
  { uses, errors }: SetContext,
): VirtualAddress[] {
  const at = placeOf(table, 'addresses');
  if (items.length === 0) errors.push({ ...at, message: 'there is no address; write at least one' });
  if (items.length > addressesPerSetMax) {
    const message = `${items.length} addresses are too many for one set; write at most ${addressesPerSetMax}`;
    errors.push({ ...at, message });
  }
  const addresses: VirtualAddress[] = [];
  for (const [index, item] of items.slice(0, addressesPerSetMax).entries()) {
    if (item === undefined) continue;
    const itemAt = placeOf(table, 'addresses', index);
    const { text, at: place, interface: choice } = decodeItem(item, itemAt, setInterface, errors);
    if (text === undefined) continue;
    const parsed = parseSubnetAddress(text);
    if (parsed.kind === 'problem') {
      errors.push({ ...place, message: parsed.message });
      continue;
    }
    const problem = choice === undefined ? subnetProblem(parsed.value) : undefined;
    // A set's interface that is there and of the wrong type has been told.
    if (problem !== undefined && !table.entries.has('interface')) {
      errors.push({ ...place, message: `${problem}; write interface = "eth0" in [set.${set}] or beside the address` });
    }
    const on = choice ?? ownSubnet(parsed.value);
    const key = useKey(parsed.value, on);
    if (!noteUse(uses, key, { kind: 'virtual', by: `set ${set}`, at: place }, errors)) continue;
    const { number, address, prefixLength } = parsed.value;
    addresses.push({ family: number.family, address, prefixLength, interface: on });
  }
  return addresses;
}

type Item = {
  readonly text: string | undefined;
  readonly at: Position;
  readonly interface: InterfaceChoice | undefined;
};

/** `"192.0.2.10/24"` or `{ address = "192.0.2.10/24", interface = "eth1" }` */
function decodeItem(
  item: string | TomlTable,
  at: Position,
  setInterface: InterfaceChoice | undefined,
  errors: ConfigError[],
): Item {
  if (typeof item === 'string') return { text: item, at, interface: setInterface };
  const shape = decodeTable(addressShape, item, 'an address', errors);
  const own = decodeInterface(shape.interface, placeOf(item, 'interface'), errors);
  return { text: shape.address, at: placeOf(item, 'address'), interface: own ?? setInterface };
}

/** A name, or the subnet that the interface is in; what is wrong is in `errors`. */
export function decodeInterface(
  text: string | undefined,
  at: Position,
  errors: ConfigError[],
): InterfaceChoice | undefined {
  if (text === undefined) return undefined;
  if (text.includes('/')) {
    const parsed = parseSubnet(text);
    if (parsed.kind === 'value') return parsed.value;
    errors.push({ ...at, message: parsed.message });
  } else {
    const problem = interfaceProblem(text);
    if (problem !== undefined) errors.push({ ...at, message: problem });
  }
  return text as InterfaceName; // checked, or told
}

/** The key is for IPv6: an IPv4 host speaks from the primary of a subnet, which a virtual address never is by accident. */
export function sourceOf(shape: {
  readonly preferred_source?: boolean | undefined;
}): (address: VirtualAddress) => VirtualAddress {
  const preferred = shape.preferred_source === true;
  return (address) => (preferred && address.family === 6 ? { ...address, preferredSource: true } : address);
}

/** Where an address is put whose interface is not said: with the host's own address in its subnet. */
export function ownSubnet({ number, prefixLength }: SubnetAddress): InterfaceChoice {
  return subnetOf(number, prefixLength);
}

/** Why its own subnet does not say on which interface it should be. */
export function subnetProblem({ number, address, prefixLength }: SubnetAddress): string | undefined {
  if (isLinkLocal(number)) return `${address}/${prefixLength} is link-local, and in a subnet of every interface`;
  if (prefixLength < bitLength(number.family)) return undefined;
  return `${address}/${prefixLength} is in a subnet of its own, which no interface is in`;
}
