/** The configured pool, as ownership knows it. */
import type { Config } from './config/config.ts';
import type { Pool } from './ownership/pool.ts';
import { claimDelayMs } from './ownership/quorum.ts';

export function poolOf(config: Config): Pool {
  return {
    version: config.poolVersion,
    sets: [...config.sets].sort((a, b) => (a.name < b.name ? -1 : 1)),
    weights: new Map(config.hosts.map(({ name, weight }) => [name, weight])),
    hostsExpected: config.peers.length === 0 ? config.hosts.length : Number.POSITIVE_INFINITY,
    balance: config.balance,
    damping: config.damping ?? undefined,
    majority:
      config.partition === 'majority'
        ? { hosts: config.hosts.map(({ name }) => name), claimDelayMs: claimDelayMs(config.heartbeatMs) }
        : undefined,
    witnessAsked: config.witnessAddresses.length > 0,
    witnesses: new Set(config.hosts.filter(({ witness }) => witness).map(({ name }) => name)),
  };
}
