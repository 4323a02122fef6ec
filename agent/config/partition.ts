/** `partition`: which sides of a cut serve; and what a file should have for the majority to survive the loss of a host. */
import type { Config } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

/** The default stands in for what is wrong and told. */
export function decodePartition(
  text: string | undefined,
  table: TomlTable,
  errors: ConfigError[],
): Config['partition'] {
  if (text === undefined || text === 'serve' || text === 'majority') return text ?? 'serve';
  const message = `partition ${quote(text)} is unknown; write "serve" or "majority"`;
  errors.push({ ...placeOf(table, 'partition'), message });
  return 'serve';
}

/** What is valid but hardly meant; one sentence each. */
export function partitionWarnings({ partition, hosts }: Config): readonly string[] {
  if (partition !== 'majority') return [];
  const half = hosts.length / 2;
  if (hosts.length === 2) {
    return [
      'partition = "majority" with 2 hosts: when either is lost the other holds nothing; add a host with witness = true',
    ];
  }
  if (!Number.isInteger(half)) return [];
  return [
    `partition = "majority" with ${hosts.length} hosts: where a cut leaves ${half} on each side nobody holds anything; add a host with witness = true`,
  ];
}
