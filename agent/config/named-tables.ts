/** The tables below `[host]`, `[set]` and `[pool]`, in the order of the file. */
import { type ConfigError, quote } from './config-error.ts';
import type { TomlTable } from './toml.ts';

export type NamedTable = { readonly name: string; readonly table: TomlTable };

/** What stands there and is no table is told, and left out. */
export function namedTables(kind: 'host' | 'set' | 'pool', parent: TomlTable, errors: ConfigError[]): NamedTable[] {
  const tables: NamedTable[] = [];
  for (const [name, { keyAt, node }] of parent.entries) {
    if (node.kind === 'table') tables.push({ name, table: node });
    else errors.push({ ...keyAt, message: `${quote(name)} is no table; write [${kind}.NAME] above it` });
  }
  return tables;
}
