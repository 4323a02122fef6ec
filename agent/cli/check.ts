/** `holdfast check FILE`: whether a configuration is valid, what it says of this host, and of the kernel's settings where it is one of the file. Changes nothing. */
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Config, InterfaceChoice } from '../config/config.ts';
import { findHost, hostsAt } from '../config/find-host.ts';
import { partitionWarnings } from '../config/partition.ts';
import { readConfig } from '../config/read.ts';
import { sysctlNotes, sysctlWarnings } from '../system/sysctls.ts';

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
  const isHere = hostsAt(config, addresses).length > 0;
  if (options.host !== undefined || isHere) {
    const { name, paths } = findHost(config, addresses, options.host);
    lines.push(`This host is ${name} (${paths.join(', ')}).`);
  }
  return [...lines, ...(isHere ? kernelSettings(config) : [])].join('\n');
}

/** As the agent tells them at its start. */
function kernelSettings({ sets }: Config): readonly string[] {
  const addresses = sets.flatMap((set) => set.addresses);
  const interfaces = new Set(addresses.flatMap((address) => interfacesOf(address.interface)));
  const versions = new Set(addresses.map(({ family }) => family));
  return [
    ...sysctlWarnings([...interfaces]).map((warning) => `Warning: ${warning}.`),
    ...sysctlNotes(versions).map((note) => `Note: ${note}.`),
  ];
}

/** The one of the name, or those that have an address in the subnet. */
function interfacesOf(choice: InterfaceChoice): readonly string[] {
  const [network = '', prefixLength] = choice.split('/');
  if (prefixLength === undefined) return [choice];
  const subnet = new BlockList();
  subnet.addSubnet(network, Number(prefixLength), network.includes(':') ? 'ipv6' : 'ipv4');
  return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).some(({ address }) => subnet.check(address, address.includes(':') ? 'ipv6' : 'ipv4')) ? [name] : [],
  );
}

function summary({ group, hosts, sets }: Config): string {
  const addresses = sets.reduce((sum, set) => sum + set.addresses.length, 0);
  return `group ${group}, ${count(hosts.length, 'host')}, ${count(sets.length, 'set')} with ${count(addresses, 'address', 'addresses')}`;
}

function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
