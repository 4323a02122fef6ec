/** One seed, one schedule: a group, its weather, and what befalls it until all is calm again, or a cut stays. */
import type { HostName } from '../../agent/membership/view.ts';
import type { Command } from '../../agent/ownership/command.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { claimDelayMs } from '../../agent/ownership/quorum.ts';
import { Dice } from './dice.ts';
import { withExtras } from './extras.ts';
import type { Fault } from './fault.ts';
import { calm, type Weather } from './weather.ts';
import type { WorldOptions } from './world.ts';

export type TimedFault = { readonly atMs: number; readonly fault: Fault };

export type Schedule = {
  readonly world: WorldOptions;
  /** In order. */
  readonly faults: readonly TimedFault[];
  /** When the last one is over and the weather is calm. */
  readonly calmAtMs: number;
  /** What stays then. */
  readonly standing: readonly Fault[];
};

/** All that start at once are in a view by then, and have claimed. */
const startMs = 150;
const heartbeatMs = 100;

export function drawSchedule(seed: number, members?: number): Schedule {
  return withExtras(seed, drawFirst(seed, members));
}

function drawFirst(seed: number, members: number | undefined): Schedule {
  const dice = new Dice(seed);
  const count = members ?? drawMembers(dice);
  const width = String(count).length;
  const hosts = Array.from({ length: count }, (_, index) => `e${String(index + 1).padStart(width, '0')}`);
  const pool = drawPool(dice, hosts);
  const paths = dice.chance(0.1) ? 2 : 1;
  const faults = [...starts(dice, hosts), ...troubles(dice, hosts, pool, paths)].sort((a, b) => a.atMs - b.atMs);
  const last = Math.max(...faults.map(({ atMs, fault }) => atMs + ('ms' in fault ? fault.ms : 0)));
  return {
    world: {
      seed: dice.below(2 ** 32),
      hosts,
      pool,
      heartbeatMs,
      detectMs: dice.pick([200, 300]),
      matureMs: 200 + dice.below(400),
      lifetimeMs: 6_000,
      clockDrift: dice.chance(0.3) ? 0.05 : 0.0005,
      kernelMsMax: dice.chance(0.2) ? 100 : 5,
      threadMsMax: dice.chance(0.2) ? 10 : 0.1,
      bytes: dice.chance(0.04) ? 'wire' : 'numbers',
      paths,
      takeover: 'immediate',
    },
    faults,
    calmAtMs: last + 1,
    standing: dice.chance(0.12) ? drawStanding(dice, hosts) : [],
  };
}

function drawMembers(dice: Dice): number {
  const kind = dice.below(10_000);
  if (kind < 1_500) return 2;
  if (kind < 8_500) return 3;
  if (kind < 9_900) return 4 + dice.below(3);
  if (kind < 9_980) return 7 + dice.below(6);
  return kind < 9_998 ? 13 + dice.below(12) : 25 + dice.below(40); // one of 64 takes as long as 10,000 of three
}

function drawPool(dice: Dice, hosts: readonly string[]): Pool {
  const count = 1 + dice.below(4);
  const hasMajority = dice.chance(0.2);
  const failbackMs = dice.chance(0.15) ? dice.below(400) : null;
  return {
    version: 'v1',
    sets: Array.from({ length: count }, (_, index) => ({
      name: `s${index + 1}` as SetName,
      prefer: dice.chance(0.3) ? [dice.pick(hosts) as HostName] : [],
      only: dice.chance(0.1) ? (dice.shuffled(hosts).slice(0, 2) as HostName[]) : null,
      apart: dice.chance(0.15) ? 'dns' : null,
      failbackMs,
      handover: dice.chance(0.15) ? 'break-before-make' : 'make-before-break',
    })),
    weights: new Map(),
    ...(hasMajority ? drawMajority(dice, hosts) : {}),
    hostsExpected: hosts.length,
    damping: dice.chance(0.3) ? { halfLifeMs: 400, suppress: 1_000, reuse: 400, ceiling: 4_000 } : undefined,
    balance: { mode: dice.chance(0.15) ? 'auto' : 'on-demand', movesMax: 1, everyMs: 150 },
  };
}

function drawMajority(dice: Dice, hosts: readonly string[]): Pick<Pool, 'majority' | 'witnesses'> {
  const names = hosts as readonly HostName[];
  return {
    majority: { hosts: names, claimDelayMs: claimDelayMs(heartbeatMs) },
    witnesses: new Set(hosts.length > 2 && dice.chance(0.4) ? [dice.pick(names)] : []),
  };
}

function starts(dice: Dice, hosts: readonly string[]): readonly TimedFault[] {
  const late = dice.chance(0.1);
  return hosts.map((host) => ({ atMs: dice.below(late ? 600 : 30), fault: { kind: 'start', host } }));
}

function troubles(dice: Dice, hosts: readonly string[], pool: Pool, paths: number): readonly TimedFault[] {
  const faults: TimedFault[] = [];
  if (dice.chance(0.4)) faults.push({ atMs: 0, fault: { kind: 'weather', weather: drawWeather(dice) } });
  const troubleMs = dice.pick([250, 500, 900]);
  const count = 1 + dice.below(5);
  const onlyPaths = paths > 1 && dice.chance(0.5);
  for (let index = 0; index < count; index += 1) {
    const atMs = startMs + dice.below(troubleMs);
    const fault =
      paths > 1 && (onlyPaths || dice.chance(0.3)) ? drawLostPath(dice, hosts) : drawFault(dice, hosts, pool);
    faults.push({ atMs, fault });
    const back = returnOf(dice, fault);
    if (back !== null) faults.push({ atMs: Math.min(startMs + troubleMs, atMs + 20 + dice.below(700)), fault: back });
  }
  if (dice.chance(0.1)) faults.push(...rollOut(dice, hosts, pool, troubleMs));
  return faults;
}

function drawLostPath(dice: Dice, hosts: readonly string[]): Fault {
  return { kind: 'lose-path', host: dice.pick(hosts), path: dice.below(2), ms: 50 + dice.below(600) };
}

/** A changed file, host by host; not always to the end. */
function rollOut(dice: Dice, hosts: readonly string[], pool: Pool, troubleMs: number): readonly TimedFault[] {
  const order = dice.shuffled(hosts);
  const upTo = dice.chance(0.7) ? order.length : dice.below(order.length);
  const changed = changedPool(dice, hosts, pool);
  return order.slice(0, upTo).map((host) => ({
    atMs: startMs + dice.below(troubleMs),
    fault: { kind: 'configure', host, pool: changed },
  }));
}

/** A set comes, or one goes, or who may have it changes. */
function changedPool(dice: Dice, hosts: readonly string[], pool: Pool): Pool {
  const version = 'v2';
  const [first, ...rest] = pool.sets;
  if (first === undefined) return { ...pool, version };
  switch (dice.below(4)) {
    case 0:
      return { ...pool, version, sets: [...pool.sets, { ...first, name: 's9' as SetName }] };
    case 1:
      return { ...pool, version, sets: rest };
    case 2:
      return { ...pool, version, sets: [{ ...first, only: [dice.pick(hosts) as HostName] }, ...rest] };
    default:
      return { ...pool, version, sets: [{ ...first, prefer: [dice.pick(hosts) as HostName], only: null }, ...rest] };
  }
}

/** What usually follows, so that most schedules have all of a story. */
function returnOf(dice: Dice, fault: Fault): Fault | null {
  switch (fault.kind) {
    case 'power-off':
    case 'kill':
    case 'leave':
      return dice.chance(0.7) ? { kind: 'start', host: fault.host } : null;
    case 'cut':
    case 'split':
      return dice.chance(0.6) ? { kind: 'heal' } : null;
    default:
      return null;
  }
}

function drawWeather(dice: Dice): Weather {
  if (dice.chance(0.2)) return calm;
  return {
    loss: dice.chance(0.5) ? dice.below(15) / 100 : 0,
    duplication: dice.chance(0.5) ? 0.05 : 0,
    delayMsMin: 0.1,
    delayMsMax: dice.pick([0.3, 2, 20]),
  };
}

function drawFault(dice: Dice, hosts: readonly string[], pool: Pool): Fault {
  const host = dice.pick(hosts);
  const other = dice.pick(hosts);
  const { name: set } = dice.pick(pool.sets);
  switch (dice.below(14)) {
    case 0:
    case 1:
      return { kind: 'power-off', host };
    case 2:
      return { kind: 'kill', host, guard: dice.chance(0.7) ? 'lives' : 'dead' };
    case 3:
      return { kind: 'leave', host };
    case 4:
      return { kind: 'lose-engine', host, ms: 50 + dice.below(300) };
    case 5:
      return { kind: 'pause', host, clock: 'runs', ms: 50 + dice.below(900) };
    case 6:
      return { kind: 'pause', host, clock: 'stands', ms: 50 + dice.below(900) };
    case 7:
      return { kind: 'cut', from: host, to: other };
    case 8:
    case 9: {
      const order = dice.shuffled(hosts);
      const half = 1 + dice.below(hosts.length - 1);
      return { kind: 'split', sides: [order.slice(0, half), order.slice(half)] };
    }
    case 10:
      return { kind: 'link-down', host, ms: 50 + dice.below(500) };
    case 11:
      return { kind: 'refuse-claims', host, set, ms: 50 + dice.below(500) };
    default:
      return { kind: 'command', host, command: drawCommand(dice, hosts, set) };
  }
}

function drawCommand(dice: Dice, hosts: readonly string[], set: SetName): Command {
  const host = dice.pick(hosts) as HostName;
  switch (dice.below(10)) {
    case 0:
    case 1:
      return { kind: 'move', set, host };
    case 2:
      return { kind: 'unpin', set };
    case 3:
    case 4:
      return { kind: 'drain', host };
    case 5:
      return { kind: 'undrain', host };
    case 6:
      return { kind: 'freeze' };
    case 7:
      return { kind: 'thaw' };
    default:
      return { kind: 'balance' };
  }
}

function drawStanding(dice: Dice, hosts: readonly string[]): readonly Fault[] {
  const cuts: Fault[] = [];
  for (let index = 0; index <= dice.below(2); index += 1) {
    const [from = '', to = ''] = dice.shuffled(hosts);
    cuts.push({ kind: 'cut', from, to });
    if (dice.chance(0.3)) cuts.push({ kind: 'cut', from: to, to: from });
  }
  return cuts;
}
