/** `holdfast check FILE`: whether a configuration is valid, and what it says of this host. Changes nothing. */
import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.ts';
import { findHost, hostsAt } from '../config/find-host.ts';
import { partitionWarnings } from '../config/partition.ts';
import { readConfig } from '../config/read.ts';

export type CheckOptions = {
  /** The host to be, as `holdfast agent --host` takes it. */
  readonly host?: string;
};

/**
 * What to print. A file may well be checked on a machine that is none of its hosts.
 *
 * @throws ExitError(configuration) with every error of the file; ExitError(hostUnknown) where the host that is asked for
 *   is not in the file, or this one is in it twice
 */
export async function runCheck(file: string, options: CheckOptions = {}): Promise<string> {
  const config = await readConfig(file);
  const lines = [
    `${file}: valid: ${summary(config)}`,
    ...partitionWarnings(config).map((warning) => `Warning: ${warning}.`),
  ];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  if (options.host !== undefined || hostsAt(config, addresses).length > 0) {
    const { name, paths } = findHost(config, addresses, options.host);
    lines.push(`This host is ${name} (${paths.join(', ')}).`);
  }
  return lines.join('\n');
}

function summary({ group, hosts, sets }: Config): string {
  const addresses = sets.reduce((sum, set) => sum + set.addresses.length, 0);
  return `group ${group}, ${count(hosts.length, 'host')}, ${count(sets.length, 'set')} with ${count(addresses, 'address', 'addresses')}`;
}

function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
