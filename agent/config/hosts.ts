/** `[host.NAME]`: who is in the group, and by which addresses it is reached. */
import type { HostName } from '../membership/view.ts';
import { parsePath } from './address.ts';
import { type AddressUses, noteUse } from './address-uses.ts';
import type { Host, IpAddress } from './config.ts';
import type { ConfigError } from './config-error.ts';
import { defaultWeight } from './defaults.ts';
import { hostsMax, pathsPerHostMax, weightMax, weightMin } from './limits.ts';
import { namedTables } from './named-tables.ts';
import { nameProblem } from './names.ts';
import { decodeTable, hostShape, placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

/** Every host that is named, also where something about it is wrong: others may refer to it. */
export function decodeHosts(hosts: TomlTable, uses: AddressUses, errors: ConfigError[]): Host[] {
  const tables = namedTables('host', hosts, errors);
  if (hosts.entries.size === 0) errors.push({ ...hosts.at, message: 'there is no host; write [host.NAME] for each' });
  const tooMany = tables[hostsMax]?.table;
  if (tooMany !== undefined) {
    errors.push({ ...tooMany.at, message: `${tables.length} hosts are too many; a group has at most ${hostsMax}` });
  }
  const decoded = tables.slice(0, hostsMax).map(({ name, table }) => decodeHost(name, table, uses, errors));
  if (decoded.length > 0 && decoded.every(({ witness }) => witness)) {
    errors.push({
      ...hosts.at,
      message: 'every host is a witness, so that nobody could own a set; write witness = true on one',
    });
  }
  return decoded;
}

function decodeHost(name: string, table: TomlTable, uses: AddressUses, errors: ConfigError[]): Host {
  const problem = nameProblem('host', name);
  if (problem !== undefined) errors.push({ ...table.at, message: problem });
  const { paths, weight = defaultWeight, witness = false } = decodeTable(hostShape, table, `[host.${name}]`, errors);
  if (weight < weightMin || weight > weightMax) {
    const message = `weight ${weight} is out of range; write ${weightMin} to ${weightMax}`;
    errors.push({ ...placeOf(table, 'weight'), message });
  }
  return { name: name as HostName, paths: paths ? decodePaths(name, paths, table, uses, errors) : [], weight, witness };
}

function decodePaths(
  host: string,
  texts: readonly (string | undefined)[],
  table: TomlTable,
  uses: AddressUses,
  errors: ConfigError[],
): IpAddress[] {
  const at = placeOf(table, 'paths');
  if (texts.length === 0) errors.push({ ...at, message: 'there is no path; write an address of the host' });
  if (texts.length > pathsPerHostMax) {
    errors.push({ ...at, message: `${texts.length} paths are too many; write at most ${pathsPerHostMax}` });
  }
  const paths: IpAddress[] = [];
  for (const [index, text] of texts.slice(0, pathsPerHostMax).entries()) {
    if (text === undefined) continue;
    const place = placeOf(table, 'paths', index);
    const path = parsePath(text);
    if (path.kind === 'problem') {
      errors.push({ ...place, message: path.message });
    } else if (noteUse(uses, path.value, { kind: 'path', by: `host ${host}`, at: place }, errors)) {
      paths.push(path.value);
    }
  }
  return paths;
}
