/** Which host of the file this one is: the one that has a path among its addresses. */
import { ExitError, exitCodes } from '../exit-codes.ts';
import { canonicalIpAddress } from '../wire/ip-address.ts';
import type { Config, Host } from './config.ts';
import { nearestName } from './nearest.ts';

/**
 * @param hostAddresses the addresses of this host, without prefix lengths
 * @param wanted the name that the operator gave; decides alone
 * @throws ExitError(hostUnknown) where it is no host of the file, or more than one
 */
export function findHost(config: Config, hostAddresses: readonly string[], wanted?: string): Host {
  if (wanted !== undefined) return findByName(config, wanted);
  const candidates = hostsAt(config, hostAddresses);
  const [host, ...others] = candidates;
  if (host === undefined) throw new ExitError(exitCodes.hostUnknown, namedNowhere(config, hostAddresses));
  if (others.length > 0) throw new ExitError(exitCodes.hostUnknown, namedTwice(config, candidates));
  return host.host;
}

export type HostMatch = { readonly host: Host; readonly path: string };

/** The hosts of the file that have a path among the addresses, each with the first such path. */
export function hostsAt(config: Config, hostAddresses: readonly string[]): HostMatch[] {
  const here = new Set(hostAddresses.map((address) => canonicalIpAddress(address) ?? address));
  return config.hosts.flatMap((host) => {
    const path = host.paths.find((address) => here.has(address));
    return path === undefined ? [] : [{ host, path }];
  });
}

function findByName(config: Config, wanted: string): Host {
  const host = config.hosts.find(({ name }) => name === wanted);
  if (host !== undefined) return host;
  const names = config.hosts.map(({ name }) => name);
  const nearest = nearestName(wanted, names);
  const right = nearest === undefined ? `Its hosts are: ${names.join(', ')}.` : `The nearest is ${nearest}.`;
  throw new ExitError(exitCodes.hostUnknown, `${config.file} has no host ${wanted}. ${right}`);
}

function namedNowhere({ file, hosts }: Config, hostAddresses: readonly string[]): string {
  const addresses = hostAddresses.length === 0 ? 'none' : hostAddresses.join(', ');
  return [
    `${file} does not name this host: no path of the file is an address of this host.`,
    `  addresses here: ${addresses}`,
    ...hosts.map(({ name, paths }) => `  paths of ${name}: ${paths.join(', ')}`),
    'Put one of the addresses into the paths of this host, on every host, or say which one it is with --host NAME.',
  ].join('\n');
}

function namedTwice({ file }: Config, matches: readonly HostMatch[]): string {
  const names = matches.map(({ host, path }) => `${host.name} (by ${path})`).join(' and ');
  return `${file} names this host more than once: ${names}. Keep the right one, or say which one it is with --host NAME.`;
}
