/** Whether two members would manage the same pool in the same way. */
import { createHash } from 'node:crypto';
import type { Config, VirtualAddress } from './config.ts';

const digitsShown = 16;

/**
 * 16 hex digits: SHA-256 over what members must agree on, in one order. Comments, the order of tables and keys, defaults
 * that are written out, and what only concerns how members reach each other (port, key, discovery) do not count.
 */
export function poolVersion(config: Omit<Config, 'poolVersion'>): string {
  const agreed = {
    group: config.group,
    heartbeatMs: config.heartbeatMs,
    detectMs: config.detectMs,
    matureMs: config.matureMs,
    lifetimeSeconds: config.lifetimeSeconds,
    balance: config.balance,
    damping: config.damping,
    partition: config.partition,
    ...(config.witnessAddresses.length === 0 ? {} : { witnessAddresses: config.witnessAddresses.toSorted() }),
    hosts: config.hosts.toSorted(byName).map(({ name, paths, weight, witness }) => [name, paths, weight, witness]),
    sets: config.sets
      .toSorted(byName)
      .map(({ name, addresses, prefer, only, apart, failbackMs, handover }) => [
        name,
        addresses.map(written).toSorted(),
        prefer,
        { only: only?.toSorted() ?? null, apart, failbackMs, handover },
      ]),
  };
  return createHash('sha256').update(JSON.stringify(agreed)).digest('hex').slice(0, digitsShown);
}

function written({ address, prefixLength, interface: choice, preferredSource }: VirtualAddress): string {
  return `${address}/${prefixLength} ${choice}${preferredSource === true ? ' preferred source' : ''}`;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
