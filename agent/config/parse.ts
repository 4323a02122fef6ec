/** The text of a configuration file as a `Config`, or everything that is wrong with it. */
import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import type { AddressUses } from './address-uses.ts';
import { decodeAnnounce, defaultAnnounce } from './announce.ts';
import { decodeBalance, defaultBalance } from './balance.ts';
import type { Config } from './config.ts';
import { type ConfigError, comparePositions, quote } from './config-error.ts';
import { decodeConflicts } from './conflicts.ts';
import { decodeDamping, defaultDamping } from './damping.ts';
import { defaultPort } from './defaults.ts';
import { decodeDiscovery } from './discovery.ts';
import { decodeHosts } from './hosts.ts';
import { configFileBytesMax, portMax, setsMax } from './limits.ts';
import { nameProblem } from './names.ts';
import { decodePartition } from './partition.ts';
import { decodePeers } from './peers.ts';
import { poolVersion } from './pool-version.ts';
import { decodePools } from './pools.ts';
import { decodePolicyDefaults } from './set-policy.ts';
import { decodeSets, type SetContext } from './sets.ts';
import { decodeTable, documentShape, placeOf } from './shape.ts';
import { decodeTiming } from './timing.ts';
import { parseToml, type TomlTable } from './toml.ts';
import { decodeWitnessAddresses } from './witness-addresses.ts';

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  /** In the order of the file; a syntax error is the last, because nothing is known of what follows it. */
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/**
 * Never throws.
 *
 * @param file what messages and the agent call it; not read here
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const tooLarge = fileSizeProblem(Buffer.byteLength(text));
  if (tooLarge !== undefined) return { ok: false, errors: [tooLarge] };
  const { table, errors: tomlErrors } = parseToml(text);
  const errors = [...tomlErrors];
  const config = table && decodeDocument(table, file, errors);
  if (errors.length > 0) return { ok: false, errors: errors.sort(comparePositions) };
  assert(config !== undefined, 'a configuration that is incomplete has errors');
  return { ok: true, config };
}

export function fileSizeProblem(bytes: number): ConfigError | undefined {
  if (bytes <= configFileBytesMax) return undefined;
  const message = `the file has ${bytes} bytes, too many; write at most ${configFileBytesMax}`;
  return { line: 1, column: 1, message };
}

function decodeDocument(table: TomlTable, file: string, errors: ConfigError[]): Config | undefined {
  const shape = decodeTable(documentShape, table, '', errors);
  const { group, key_file: keyFile, port = defaultPort } = shape;
  const groupProblem = group === undefined ? undefined : nameProblem('group', group);
  if (groupProblem !== undefined) errors.push({ ...placeOf(table, 'group'), message: groupProblem });
  if (keyFile !== undefined && !isAbsolute(keyFile)) {
    const message = `key_file ${quote(keyFile)} is no absolute path; write it from / on`;
    errors.push({ ...placeOf(table, 'key_file'), message });
  }
  if (port < 1 || port > portMax) {
    errors.push({ ...placeOf(table, 'port'), message: `port ${port} is out of range; write 1 to ${portMax}` });
  }

  const uses: AddressUses = new Map();
  const hosts = shape.host ? decodeHosts(shape.host, uses, errors) : [];
  const defaults = decodePolicyDefaults(shape, table, errors);
  const context: SetContext = { hosts, defaults, uses, names: new Map(), errors };
  const written = shape.set ? decodeSets(shape.set, context) : [];
  checkSetCount(table, written.length, errors);
  const pooled = shape.pool ? decodePools(shape.pool, context, setsMax - written.length) : [];

  const timing = decodeTiming(shape, table, errors);
  const discovery = decodeDiscovery(shape, table, hosts, errors);
  const peers = decodePeers(shape.peers, discovery, table, errors);
  const announce = shape.announce ? decodeAnnounce(shape.announce, errors) : defaultAnnounce;
  const conflicts = decodeConflicts(shape, table, errors);
  const balance = shape.balance ? decodeBalance(shape.balance, errors) : defaultBalance;
  const damping = shape.damping ? decodeDamping(shape.damping, errors) : defaultDamping;
  const partition = decodePartition(shape.partition, table, errors);
  const witnessAddresses = decodeWitnessAddresses(shape.witness_addresses, table, uses, errors);
  if (group === undefined || keyFile === undefined) return undefined;
  const sets = [...written, ...pooled];
  const rest = { ...conflicts, balance, damping, partition, witnessAddresses, hosts, sets };
  const config = { file, group, keyFile, ...timing, port, discovery, peers, announce, ...rest };
  return { ...config, poolVersion: poolVersion(config) };
}

function checkSetCount(table: TomlTable, written: number, errors: ConfigError[]): void {
  if (!table.entries.has('set') && !table.entries.has('pool')) {
    errors.push({ ...table.at, message: 'there is no set; write [set.NAME] or [pool.NAME] with addresses to manage' });
  }
  if (written > setsMax) {
    errors.push({ ...placeOf(table, 'set'), message: `${written} sets are too many; a file has at most ${setsMax}` });
  }
}
