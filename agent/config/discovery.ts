/** How agents find each other: by multicast, or by the paths of the file. */
import { parseMulticast } from './address.ts';
import type { Discovery, Host, IpAddress } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { defaultMulticastAddress4, defaultMulticastAddress6 } from './defaults.ts';
import { parseIp } from './ip-number.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

type DiscoveryTexts = { readonly discovery?: string | undefined; readonly multicast_address?: string | undefined };

export function decodeDiscovery(
  texts: DiscoveryTexts,
  table: TomlTable,
  hosts: readonly Host[],
  errors: ConfigError[],
): Discovery {
  const { discovery = 'multicast', multicast_address: text } = texts;
  if (discovery === 'hosts') {
    if (text !== undefined) {
      const message = 'multicast_address has no effect with discovery = "hosts"; remove one of the two';
      errors.push({ ...placeOf(table, 'multicast_address'), message });
    }
    return { kind: 'hosts' };
  }
  if (discovery !== 'multicast') {
    const message = `discovery ${quote(discovery)} is unknown; write "multicast" or "hosts"`;
    errors.push({ ...placeOf(table, 'discovery'), message });
  }
  return { kind: 'multicast', address: decodeMulticast(text, table, hosts, errors) };
}

/** One address serves one IP version, so all paths must have it. */
function decodeMulticast(
  text: string | undefined,
  table: TomlTable,
  hosts: readonly Host[],
  errors: ConfigError[],
): IpAddress {
  const paths = hosts.flatMap((host) => host.paths.map((path) => ({ host, path, family: parseIp(path)?.family })));
  const usual = paths[0]?.family === 6 ? defaultMulticastAddress6 : defaultMulticastAddress4;
  const parsed = parseMulticast(text ?? usual);
  if (parsed.kind === 'problem') {
    errors.push({ ...placeOf(table, 'multicast_address'), message: parsed.message });
    return usual as IpAddress; // a constant in canonical form
  }
  const family = parseIp(parsed.value)?.family;
  const other = paths.find((path) => path.family !== family);
  if (other !== undefined) {
    const wrong = `the path ${other.path} of host ${other.host.name} cannot be reached by multicast to ${parsed.value}`;
    const key = text === undefined ? 'discovery' : 'multicast_address';
    errors.push({ ...placeOf(table, key), message: `${wrong}; write paths of one IP version, or discovery = "hosts"` });
  }
  return parsed.value;
}
