/** `[pool.NAME]`: many sets of one address each, written as ranges. */
import { checkSubnetAddress, isPrefixLength, prefixProblem } from './address.ts';
import { noteUse, useKey } from './address-uses.ts';
import type { InterfaceChoice, ManagedSet, SetName, SetPolicy } from './config.ts';
import { type ConfigError, formatPlace, type Position, quote } from './config-error.ts';
import { formatIp, type IpNumber, parseIp } from './ip-number.ts';
import { nameLengthMax, setsMax } from './limits.ts';
import { namedTables } from './named-tables.ts';
import { nameProblem } from './names.ts';
import { decodeSetPolicy } from './set-policy.ts';
import { decodeInterface, ownSubnet, type SetContext, sourceOf, subnetProblem } from './sets.ts';
import { decodeTable, placeOf, poolShape } from './shape.ts';
import type { TomlTable } from './toml.ts';

/** `-4096`, the longest that is appended. */
const suffixLengthMax = String(setsMax).length + 1;

/** @param setsLeft how many more sets the file may have */
export function decodePools(pools: TomlTable, context: SetContext, setsLeft: number): ManagedSet[] {
  const sets: ManagedSet[] = [];
  for (const { name, table } of namedTables('pool', pools, context.errors)) {
    sets.push(...decodePool(name, table, context, setsLeft - sets.length));
  }
  return sets;
}

/**
 * The name of the n-th set of a pool, from 1: `edge-01`. Never more than two digits for the first 99, so that a pool that
 * grows past them renames none.
 */
export function pooledSetName(pool: string, n: number): SetName {
  return `${pool}-${String(n).padStart(2, '0')}` as SetName; // the pool's name was checked with room for the number
}

function decodePool(pool: string, table: TomlTable, context: SetContext, setsLeft: number): ManagedSet[] {
  const { errors } = context;
  const problem = nameProblem('pool', pool, nameLengthMax - suffixLengthMax);
  if (problem !== undefined) errors.push({ ...table.at, message: problem });
  const shape = decodeTable(poolShape, table, `[pool.${pool}]`, errors);
  const on = decodeInterface(shape.interface, placeOf(table, 'interface'), errors);
  const interfaceIsSaid = table.entries.has('interface');
  const ranges = rangesOf(shape, table, errors);
  const policy = decodeSetPolicy(shape, table, context);

  const sets: ManagedSet[] = [];
  for (const range of ranges) {
    const { prefix } = shape;
    if (prefix === undefined) continue;
    if (!isPrefixLength(prefix, range.family)) {
      errors.push({ ...placeOf(table, 'prefix'), message: prefixProblem(prefix, range.family) });
      break;
    }
    const count = range.last - range.first + 1n;
    if (count > BigInt(setsLeft - sets.length)) {
      const message = `the range holds ${count} addresses, too many; a file has at most ${setsMax} sets`;
      errors.push({ ...range.at, message });
      break;
    }
    sets.push(
      ...setsOfRange(pool, { ...range, prefixLength: prefix, on, interfaceIsSaid }, policy, sets.length, context),
    );
  }
  noteNames(pool, sets, table.at, context);
  return sets.map((set) => ({ ...set, addresses: set.addresses.map(sourceOf(shape)) }));
}

type Range = { readonly family: 4 | 6; readonly first: bigint; readonly last: bigint; readonly at: Position };

/** Of `range` or `ranges`, whichever is written. */
function rangesOf(
  shape: { readonly range?: string | undefined; readonly ranges?: readonly (string | undefined)[] | undefined },
  table: TomlTable,
  errors: ConfigError[],
): Range[] {
  const { entries } = table;
  if (entries.has('range') && entries.has('ranges')) {
    errors.push({ ...placeOf(table, 'ranges'), message: '"range" and "ranges" are both written; write one of them' });
  }
  if (!entries.has('range') && !entries.has('ranges')) {
    errors.push({ ...table.at, message: 'the pool has no "range"; write range = "192.0.2.10-192.0.2.29"' });
  }
  if (shape.ranges?.length === 0) {
    errors.push({ ...placeOf(table, 'ranges'), message: 'there is no range; write at least one' });
  }
  const texts = [
    ...(shape.range === undefined ? [] : [{ text: shape.range, at: placeOf(table, 'range') }]),
    ...(shape.ranges ?? []).map((text, index) => ({ text, at: placeOf(table, 'ranges', index) })),
  ];
  return texts.flatMap(({ text, at }) => (text === undefined ? [] : (parseRange(text, at, errors) ?? [])));
}

/** `first-last`, both included, or one address. */
function parseRange(text: string, at: Position, errors: ConfigError[]): Range | undefined {
  const [first, last, ...rest] = text.split('-').map((part) => parseIp(part.trim()));
  const end = text.includes('-') ? last : first;
  if (first === undefined || end === undefined || rest.length > 0) {
    const message = `${quote(text)} is no range of addresses; write it like 192.0.2.10-192.0.2.29`;
    errors.push({ ...at, message });
    return undefined;
  }
  if (first.family !== end.family) {
    errors.push({ ...at, message: 'the range goes from one IP version to the other; write two ranges' });
    return undefined;
  }
  if (first.bits > end.bits) {
    const message = `the range is written backwards; write ${formatIp(end)}-${formatIp(first)}`;
    errors.push({ ...at, message });
    return undefined;
  }
  return { family: first.family, first: first.bits, last: end.bits, at };
}

/** Tells the first address of the range that no set can have, and ends there. */
function setsOfRange(
  pool: string,
  range: Range & {
    readonly prefixLength: number;
    readonly on: InterfaceChoice | undefined;
    readonly interfaceIsSaid: boolean;
  },
  policy: SetPolicy,
  setsBefore: number,
  { uses, errors }: SetContext,
): ManagedSet[] {
  const { prefixLength } = range;
  const sets: ManagedSet[] = [];
  for (let bits = range.first; bits <= range.last; bits++) {
    const number: IpNumber = { family: range.family, bits };
    const checked = checkSubnetAddress(number, prefixLength);
    if (checked.kind === 'problem') {
      errors.push({ ...range.at, message: checked.message });
      break;
    }
    const { address } = checked.value;
    const unsaid = range.interfaceIsSaid ? undefined : subnetProblem(checked.value);
    if (unsaid !== undefined) {
      errors.push({ ...range.at, message: `${unsaid}; write interface = "eth0" in [pool.${pool}]` });
      break;
    }
    const on = range.on ?? ownSubnet(checked.value);
    const key = useKey(checked.value, on);
    if (!noteUse(uses, key, { kind: 'virtual', by: `pool ${pool}`, at: range.at }, errors)) break;
    const name = pooledSetName(pool, setsBefore + sets.length + 1);
    const virtual = { family: range.family, address, prefixLength, interface: on };
    sets.push({ name, addresses: [virtual], prefer: [], ...policy });
  }
  return sets;
}

/** Tells the first set that has the name of another. */
function noteNames(pool: string, sets: readonly ManagedSet[], at: Position, { names, errors }: SetContext): void {
  for (const { name } of sets) {
    const earlier = names.get(name);
    if (earlier !== undefined) {
      const message = `pool ${pool} makes a set ${name}, which is given at ${formatPlace(earlier)}; rename one of the two`;
      errors.push({ ...at, message });
      return;
    }
    names.set(name, at);
  }
}
