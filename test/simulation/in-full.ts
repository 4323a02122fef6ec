/**
 * What a world is told, written out field by field. Schedules are made with spreads; each such object has a shape of its own in Node 20
 * (see `copyOfState` in membership), and makes all code slow that looks at them.
 */
import type { Pool, PoolSet } from '../../agent/ownership/pool.ts';
import type { WorldOptions } from './world.ts';

export function optionsInFull(options: WorldOptions): WorldOptions {
  return {
    seed: options.seed,
    hosts: options.hosts,
    pool: poolInFull(options.pool),
    heartbeatMs: options.heartbeatMs,
    detectMs: options.detectMs,
    matureMs: options.matureMs,
    lifetimeMs: options.lifetimeMs,
    clockDrift: options.clockDrift,
    kernelMsMax: options.kernelMsMax,
    threadMsMax: options.threadMsMax,
    bytes: options.bytes,
    takeover: options.takeover,
    paths: options.paths,
  };
}

export function poolInFull(pool: Pool): Pool {
  const { mode, movesMax, everyMs } = pool.balance;
  return {
    version: pool.version,
    sets: pool.sets.map(setInFull),
    weights: pool.weights,
    hostsExpected: pool.hostsExpected,
    balance: { mode, movesMax, everyMs },
    damping: pool.damping,
    majority: pool.majority,
    witnesses: pool.witnesses,
    witnessAsked: pool.witnessAsked,
  };
}

function setInFull({ name, prefer, only, apart, failbackMs, handover }: PoolSet): PoolSet {
  return { name, prefer, only, apart, failbackMs, handover };
}
