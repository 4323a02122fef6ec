/**
 * What came to schedules later. It is drawn from a stream of its own, and changes few of them, so that every other seed goes on to mean
 * what it meant.
 */
import type { HostName } from '../../agent/membership/view.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { claimDelayMs } from '../../agent/ownership/quorum.ts';
import { Dice } from './dice.ts';
import type { Fault } from './fault.ts';
import type { Schedule, TimedFault } from './schedule.ts';
import { witnessNode } from './world.ts';

/** Any number that makes the stream another one. */
const stream = 0x5bd1e995;
/** After a start at once and a claim that takes no time: 1.1 s, a third of a lifetime of 6 s. */
const repeatAtMs = 1_130;
const renewalAtMs = 2_015;

export function withExtras(seed: number, schedule: Schedule): Schedule {
  const dice = new Dice(seed ^ stream);
  const kind = dice.below(100);
  if (kind < 6) return withProbes(dice, withWitness(dice, schedule));
  if (kind < 9 && schedule.world.hosts.length > 2) return withProbes(dice, withDeadAgent(dice, schedule));
  if (kind < 13) return withBlock(dice, schedule);
  if (kind < 17) return withPause(dice, schedule);
  return withProbes(dice, schedule);
}

/** Silence is not death: silent hosts are asked for what they held, and cuts may drop the group's frames alone. */
function withProbes(dice: Dice, schedule: Schedule): Schedule {
  if (dice.chance(0.2)) return schedule;
  const { world, faults, standing, calmAtMs } = schedule;
  const filtered = faults.flatMap(({ atMs, fault }) =>
    filteredOf(dice, fault).map((one): TimedFault => ({ atMs, fault: one })),
  );
  return {
    world: { ...world, takeover: 'answered' },
    faults: filtered,
    calmAtMs,
    standing: standing.flatMap((fault) => filteredOf(dice, fault)),
  };
}

/** One in four of cuts leaves the addresses alone; of splits, where no witness takes sides. */
function filteredOf(dice: Dice, fault: Fault): readonly Fault[] {
  if (fault.kind === 'cut') {
    const { from, to } = fault;
    return dice.chance(0.25) ? [{ kind: 'filter', from, to }] : [fault];
  }
  if (fault.kind !== 'split' || fault.sides.some((side) => side.includes(witnessNode)) || !dice.chance(0.25))
    return [fault];
  return fault.sides.flatMap((side) =>
    fault.sides.flatMap((other) =>
      other === side ? [] : side.flatMap((from) => other.map((to): Fault => ({ kind: 'filter', from, to }))),
    ),
  );
}

/** An address that must answer. One host is cut off, from it as well or not, or it comes and goes. */
function withWitness(dice: Dice, { world, faults, standing, ...rest }: Schedule): Schedule {
  const pool = asked(world.pool);
  const others = dice.shuffled(world.hosts);
  const host = others[0] ?? '';
  const added = witnessFaults(dice, host, others.slice(1));
  const all = [...faults.map((timed) => withWitnessIn(dice, timed)), ...added].sort((a, b) => a.atMs - b.atMs);
  const stays = dice.chance(0.2) && standing.length === 0;
  return {
    ...rest,
    world: { ...world, pool },
    faults: all,
    calmAtMs: 1 + Math.max(...all.map(({ atMs, fault }) => atMs + ('ms' in fault ? fault.ms : 0))),
    standing: stays ? [{ kind: 'split', sides: [[host], [...others.slice(1), witnessNode]] }] : standing,
  };
}

/** Under a majority an agent is killed in the midst of calm, and its host cut off about then, or nothing else befalls the group. */
function withDeadAgent(dice: Dice, { world, faults, ...rest }: Schedule): Schedule {
  const names = world.hosts as readonly HostName[]; // the world names its hosts
  const majority = { hosts: names, claimDelayMs: claimDelayMs(world.heartbeatMs) };
  const [host = '', ...others] = dice.shuffled(world.hosts);
  const killAtMs = 1_000 + dice.below(500);
  const all: TimedFault[] = faults.filter(({ fault }) => fault.kind === 'start' || fault.kind === 'weather');
  all.push({ atMs: killAtMs, fault: { kind: 'kill', host, guard: 'lives' } });
  if (dice.chance(0.6)) {
    const cutAtMs = killAtMs - 400 + dice.below(800);
    all.push({ atMs: cutAtMs, fault: { kind: 'split', sides: [[host], others] } });
    if (dice.chance(0.3)) all.push({ atMs: cutAtMs + 300 + dice.below(1_500), fault: { kind: 'heal' } });
  }
  if (dice.chance(0.3)) all.push({ atMs: killAtMs + 20 + dice.below(1_500), fault: { kind: 'start', host } });
  const pool = { ...world.pool, majority, witnesses: world.pool.witnesses ?? new Set<HostName>() };
  return {
    ...rest,
    world: { ...world, pool },
    faults: all.sort((a, b) => a.atMs - b.atMs),
    calmAtMs: killAtMs + 2_000,
  };
}

/** The heartbeats of one host are blocked, for a while or for good; on its own or beside all else that befalls the group. */
function withBlock(dice: Dice, schedule: Schedule): Schedule {
  const host = dice.pick(schedule.world.hosts);
  const atMs = 1_000 + dice.below(500);
  const all = schedule.faults.filter(({ fault }) => fault.kind !== 'weather');
  const faults = dice.chance(0.4) ? [...all] : all.filter(({ fault }) => fault.kind === 'start');
  faults.push({ atMs, fault: { kind: 'block', host } });
  const healAtMs = atMs + 300 + dice.below(2_000);
  if (dice.chance(0.5)) faults.push({ atMs: healAtMs, fault: { kind: 'heal' } });
  const standing: readonly Fault[] = dice.chance(0.5) ? [{ kind: 'block', host }] : schedule.standing;
  const others = schedule.world.hosts.filter((other) => other !== host);
  if (dice.chance(0.3)) faults.push(...lateComer(dice, others, atMs + 2 * schedule.world.detectMs));
  return {
    world: { ...schedule.world, takeover: 'answered' },
    faults: faults.sort((a, b) => a.atMs - b.atMs),
    calmAtMs: Math.max(schedule.calmAtMs, healAtMs + 1, ...faults.map((timed) => timed.atMs + 1)),
    standing,
  };
}

/** One that knows nothing of the silent one comes anew, and may be left alone. */
function lateComer(dice: Dice, hosts: readonly string[], fromMs: number): readonly TimedFault[] {
  const [first = '', ...others] = dice.shuffled(hosts);
  const offAtMs = fromMs + dice.below(200);
  const backAtMs = offAtMs + 50 + dice.below(300);
  const aloneAtMs = backAtMs + 100 + dice.below(600);
  const restart: readonly TimedFault[] = [
    { atMs: offAtMs, fault: { kind: 'power-off', host: first } },
    { atMs: backAtMs, fault: { kind: 'start', host: first } },
  ];
  if (dice.chance(0.5)) return restart;
  return [...restart, ...others.map((host): TimedFault => ({ atMs: aloneAtMs, fault: { kind: 'power-off', host } }))];
}

/** About when an owner renews, or repeats what it has announced, its machine is paused for longer than the others wait. */
function withPause(dice: Dice, { world, faults, ...rest }: Schedule): Schedule {
  const all: TimedFault[] = faults.filter(({ fault }) => fault.kind === 'start');
  const dueAtMs = dice.pick([repeatAtMs, renewalAtMs]);
  const ms = 2 * world.detectMs + 100 + dice.below(500);
  const atMs = dueAtMs - 40 + dice.below(50);
  all.push({ atMs, fault: { kind: 'pause', host: dice.pick(world.hosts), clock: 'stands', ms } });
  const steady = { ...world, clockDrift: 0.0005, kernelMsMax: 5, threadMsMax: 0.1 };
  return { ...rest, world: steady, faults: all, calmAtMs: atMs + ms + 1, standing: [] };
}

function asked(pool: Pool): Pool {
  return { ...pool, witnessAsked: true };
}

function witnessFaults(dice: Dice, host: string, others: readonly string[]): readonly TimedFault[] {
  const cutAtMs = 150 + dice.below(600);
  const sides = dice.pick([
    [[host], [...others, witnessNode]],
    [[host], others, [witnessNode]],
    [[host, witnessNode], others],
  ]);
  const faults: TimedFault[] = [{ atMs: cutAtMs, fault: { kind: 'split', sides } }];
  const edges = dice.chance(0.5) ? 1 + dice.below(5) : 0;
  let atMs = cutAtMs;
  for (let edge = 0; edge < edges; edge += 1) {
    atMs += dice.below(1_500);
    faults.push({ atMs, fault: { kind: 'lose-witness', host, ms: 50 + dice.below(900) } });
  }
  if (dice.chance(0.6)) faults.push({ atMs: atMs + 200 + dice.below(2_500), fault: { kind: 'heal' } });
  return faults;
}

/** It is on one of the sides of each split, and in each file. */
function withWitnessIn(dice: Dice, { atMs, fault }: TimedFault): TimedFault {
  return { atMs, fault: changedFault(dice, fault) };
}

function changedFault(dice: Dice, fault: Fault): Fault {
  if (fault.kind === 'configure') return { ...fault, pool: asked(fault.pool) };
  if (fault.kind !== 'split') return fault;
  const at = dice.below(fault.sides.length);
  return { ...fault, sides: fault.sides.map((side, index) => (index === at ? [...side, witnessNode] : side)) };
}
