/** `[set.NAME]`: addresses that move together. */
import { parseSubnetAddress } from './address.ts';
import { type AddressUses, noteUse, useKey } from './address-uses.ts';
import type { Host, InterfaceName, ManagedSet, SetName, VirtualAddress } from './config.ts';
import type { ConfigError, Position } from './config-error.ts';
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
  const interfaceName = shape.interface;
  if (interfaceName !== undefined) checkInterface(interfaceName, placeOf(table, 'interface'), errors);
  return {
    name: name as SetName,
    addresses: shape.addresses ? decodeAddresses(name, shape.addresses, interfaceName, table, context) : [],
    prefer: shape.prefer ? decodeHostNames('prefer', shape.prefer, table, hosts, errors) : [],
    ...decodeSetPolicy(shape, table, context),
  };
}

function decodeAddresses(
  set: string,
  items: readonly (string | TomlTable | undefined)[],
  setInterface: string | undefined,
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
    const { text, at: place, interface: name } = decodeItem(item, itemAt, setInterface, errors);
    if (text === undefined) continue;
    const parsed = parseSubnetAddress(text);
    if (parsed.kind === 'problem') {
      errors.push({ ...place, message: parsed.message });
      continue;
    }
    // A set's interface that is there and of the wrong type has been told.
    if (name === undefined && !table.entries.has('interface')) {
      const message = `${text} has no interface; write interface = "eth0" in [set.${set}] or beside the address`;
      errors.push({ ...place, message });
    }
    const interfaceName = (name ?? '') as InterfaceName; // the empty one goes with an error
    const key = useKey(parsed.value, interfaceName);
    if (!noteUse(uses, key, { kind: 'virtual', by: `set ${set}`, at: place }, errors)) continue;
    const { number, address, prefixLength } = parsed.value;
    addresses.push({ family: number.family, address, prefixLength, interface: interfaceName });
  }
  return addresses;
}

type Item = { readonly text: string | undefined; readonly at: Position; readonly interface: string | undefined };

/** `"192.0.2.10/24"` or `{ address = "192.0.2.10/24", interface = "eth1" }` */
function decodeItem(
  item: string | TomlTable,
  at: Position,
  setInterface: string | undefined,
  errors: ConfigError[],
): Item {
  if (typeof item === 'string') return { text: item, at, interface: setInterface };
  const shape = decodeTable(addressShape, item, 'an address', errors);
  if (shape.interface !== undefined) checkInterface(shape.interface, placeOf(item, 'interface'), errors);
  return { text: shape.address, at: placeOf(item, 'address'), interface: shape.interface ?? setInterface };
}

/** Returns nothing: what is wrong is in `errors`. */
export function checkInterface(name: string, at: Position, errors: ConfigError[]): void {
  const problem = interfaceProblem(name);
  if (problem !== undefined) errors.push({ ...at, message: problem });
}
