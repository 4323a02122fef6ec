/** Which keys a table may have and of which type: one table at a time, so that a mistake in one hides none in another. */
import * as v from 'valibot';
import { type ConfigError, type Position, quote } from './config-error.ts';
import { nearestName } from './nearest.ts';
import type { TomlNode, TomlTable } from './toml.ts';

/** A value of the right type; `example` is how the file would write it. */
const text = (example: string) => v.string(example);
const flag = (example: string) => v.boolean(example);
const number = (example: string) => v.pipe(v.number(example), v.integer(example));
/** What is in a table is decoded on its own. */
const anyTable = (example: string) => v.custom<TomlTable>(isTable, example);
/** Items of the wrong type are told and left undefined, so that the others are looked at all the same. */
const textList = (example: string) => v.array(v.optional(v.string(example)), example);
const addressList = (example: string) =>
  v.array(v.optional(v.custom<string | TomlTable>(isTextOrTable, example)), example);

export const documentShape = v.object({
  group: text('group = "edge"'),
  key_file: text('key_file = "/etc/holdfast/edge.key"'),
  heartbeat: v.optional(text('heartbeat = "100ms"')),
  detect: v.optional(text('detect = "225ms"')),
  takeover: v.optional(text('takeover = "answered"')),
  hang: v.optional(text('hang = "500ms"')),
  port: v.optional(number('port = 4807')),
  discovery: v.optional(text('discovery = "multicast"')),
  multicast_address: v.optional(text('multicast_address = "239.255.72.68"')),
  peers: v.optional(textList('peers = ["edge.example.net", "192.0.2.7"]')),
  mature: v.optional(text('mature = "5s"')),
  lifetime: v.optional(text('lifetime = "6s"')),
  partition: v.optional(text('partition = "serve"')),
  witness_addresses: v.optional(textList('witness_addresses = ["192.0.2.1"]')),
  failback: v.optional(text('failback = "never"')),
  probe: v.optional(text('probe = "200ms"')),
  conflict: v.optional(text('conflict = "keep"')),
  announce: v.optional(anyTable('[announce]')),
  balance: v.optional(anyTable('[balance]')),
  damping: v.optional(anyTable('[damping]')),
  host: anyTable('[host.NAME]'),
  set: v.optional(anyTable('[set.NAME]')),
  pool: v.optional(anyTable('[pool.NAME]')),
});

export const announceShape = v.object({
  rate: v.optional(number('rate = 12000')),
  notify: v.optional(textList('notify = ["192.0.2.1", "192.0.2.0/28"]')),
  neighbours: v.optional(flag('neighbours = true')),
});

export const balanceShape = v.object({
  mode: v.optional(text('mode = "on-demand"')),
  moves: v.optional(number('moves = 2')),
  every: v.optional(text('every = "30s"')),
});

export const dampingShape = v.object({
  mode: v.optional(text('mode = "on"')),
  half_life: v.optional(text('half_life = "15m"')),
  suppress: v.optional(number('suppress = 2000')),
  reuse: v.optional(number('reuse = 750')),
  longest: v.optional(text('longest = "1h"')),
});

export const hostShape = v.object({
  paths: textList('paths = ["10.1.0.1"]'),
  weight: v.optional(number('weight = 100')),
  witness: v.optional(flag('witness = true')),
});

/** Of sets and of pools. */
const setPolicyKeys = {
  preferred_source: v.optional(flag('preferred_source = true')),
  only: v.optional(textList('only = ["e1", "e2"]')),
  apart: v.optional(text('apart = "dns"')),
  failback: v.optional(text('failback = "never"')),
  handover: v.optional(text('handover = "make-before-break"')),
};

export const setShape = v.object({
  interface: v.optional(text('interface = "eth0"')),
  addresses: addressList('addresses = ["192.0.2.10/24"]'),
  prefer: v.optional(textList('prefer = ["e1"]')),
  ...setPolicyKeys,
});

export const addressShape = v.object({
  address: text('address = "192.0.2.10/24"'),
  interface: v.optional(text('interface = "eth1"')),
});

export const poolShape = v.object({
  interface: v.optional(text('interface = "eth0"')),
  range: v.optional(text('range = "192.0.2.10-192.0.2.29"')),
  ranges: v.optional(textList('ranges = ["192.0.2.10-192.0.2.19", "192.0.2.30-192.0.2.39"]')),
  prefix: number('prefix = 24'),
  ...setPolicyKeys,
});

type TableShape = v.ObjectSchema<v.ObjectEntries, undefined>;

/**
 * What the table says, without the keys and list items that are of the wrong type; each of those is told in `errors`.
 *
 * @param name how messages call the table: `[set.www]`; empty for the top of the file
 */
export function decodeTable<Shape extends TableShape>(
  shape: Shape,
  table: TomlTable,
  name: string,
  errors: ConfigError[],
): Partial<v.InferOutput<Shape>> {
  const known = Object.keys(shape.entries);
  const decoded: Record<string, unknown> = {};
  for (const [key, { keyAt, node }] of table.entries) {
    if (known.includes(key)) decoded[key] = plainValue(node);
    else errors.push({ ...keyAt, message: unknownKey(key, name, known) });
  }
  for (const issue of v.safeParse(shape, { ...decoded }).issues ?? []) {
    const [key, ...rest] = (issue.path ?? []).map((item) => item.key);
    const entry = table.entries.get(String(key));
    if (entry === undefined) {
      const example = exampleOf(shape, String(key));
      errors.push({ ...table.at, message: `"${key}" is missing${name && ` in ${name}`}; write ${example}` });
      continue;
    }
    const item = entry.node.kind === 'array' ? entry.node.items[Number(rest[0])] : undefined;
    const { at, kind } = item ?? entry.node;
    errors.push({ ...at, message: `"${key}" ${item ? 'holds' : 'is'} ${nouns[kind]}; write ${issue.message}` });
    const list = decoded[String(key)];
    if (item !== undefined && Array.isArray(list)) list[Number(rest[0])] = undefined;
    else delete decoded[String(key)];
  }
  return decoded as Partial<v.InferOutput<Shape>>; // what is left passed its own part of the shape
}

/** Where the value of a key stands, or one item of its list; the table itself where there is none. */
export function placeOf(table: TomlTable, key: string, index?: number): Position {
  const node = table.entries.get(key)?.node;
  const item = node?.kind === 'array' && index !== undefined ? node.items[index] : undefined;
  return (item ?? node ?? table).at;
}

const nouns: Readonly<Record<TomlNode['kind'], string>> = {
  string: 'text',
  integer: 'a number',
  float: 'no whole number',
  boolean: 'true or false',
  date: 'a date',
  array: 'a list',
  table: 'a table',
};

/** Lists and scalars as JavaScript has them; tables stay what they are, with their places. */
function plainValue(node: TomlNode): unknown {
  if (node.kind === 'table') return node;
  return node.kind === 'array' ? node.items.map(plainValue) : node.value;
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'table';
}

function isTextOrTable(value: unknown): boolean {
  return typeof value === 'string' || isTable(value);
}

function unknownKey(key: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  const right = nearest === undefined ? `known here: ${known.join(', ')}` : `the nearest known key is "${nearest}"`;
  return `unknown key ${quote(key)}${name && ` in ${name}`}; ${right}`;
}

function exampleOf(shape: TableShape, key: string): string {
  const entry = shape.entries[key];
  const message = entry !== undefined && 'message' in entry ? entry.message : undefined;
  return typeof message === 'string' ? message : key;
}
