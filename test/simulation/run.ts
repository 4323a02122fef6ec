/** Runs a schedule and holds the group to its promises: after every step, and to liveness once all is calm. */
import { AssertionError } from 'node:assert';
import { nextWakeup } from '../../agent/ownership/step.ts';
import { Breach } from './breach.ts';
import { Bounded } from './checks/bounded.ts';
import type { Check } from './checks/check.ts';
import { allChecks } from './checks/checks.ts';
import { isOwed } from './eligible.ts';
import type { Observation } from './observation.ts';
import { type Settled, settledViews } from './rest.ts';
import type { Schedule } from './schedule.ts';
import { calm } from './weather.ts';
import { World } from './world.ts';

export type Run = {
  /** From the last fault until there was nothing left to do. */
  readonly settledAfterMs: number;
  readonly steps: number;
  readonly checks: readonly Check[];
};

/**
 * After the last fault. Shunned peers (2 s, 4 s) and one that says nothing for the second that it is waited for come on top of the
 * patience and some rounds.
 */
const settleMsMax = 12_000;
/** Of ownership, for each host: ten times what the busiest schedules take. */
const stepsMax = 3_000;
/** How long it is looked at afterwards: more than one heartbeat of everybody. */
const restMs = 130;

/** @throws Breach */
export function runSchedule(
  schedule: Schedule,
  watch: (observation: Observation, world: World) => void = () => {},
  checks: readonly Check[] = allChecks(),
): Run {
  const world = new World(schedule.world);
  let dirty = false;
  let steps = 0;
  world.onObservation = (observation) => {
    if (observation.kind === 'stepped') steps += 1;
    if (steps > stepsMax * world.options.hosts.length) throw new Breach('bounded', 'ownership does not come to an end');
    dirty = true;
    watch(observation, world);
    for (const check of checks) check.observe(observation, world);
  };
  const runUntil = (time: number): void => {
    while (world.advance(time)) {
      if (!dirty) continue;
      const views = settledViews(world);
      if (views === null) continue;
      dirty = false;
      for (const check of checks) check.atRest(views, world);
    }
  };

  return withBreaches(() => {
    for (const { atMs, fault } of schedule.faults) {
      runUntil(atMs);
      world.apply(fault);
    }
    runUntil(schedule.calmAtMs);
    calmDown(world, schedule);
    const settledAfterMs = settle(world, runUntil);
    const bounded = checks.find((check) => check instanceof Bounded);
    const isLasting = nextDeadline(world) > world.now + 2 * restMs;
    if (isLasting) bounded?.expectRest(world);
    runUntil(world.now + restMs);
    if (!isLasting) settle(world, runUntil); // of what came of time alone, such as a round of balance
    const views = settledViews(world);
    if (views === null) throw new Breach('liveness', 'the group was at rest, and did not stay so');
    for (const check of checks) check.atRest(views, world);
    return { settledAfterMs, steps, checks };
  });
}

function calmDown(world: World, { standing }: Schedule): void {
  world.apply({ kind: 'heal' });
  world.apply({ kind: 'weather', weather: calm });
  for (const fault of standing) world.apply(fault);
  if (world.agents().length === 0) world.apply({ kind: 'start', host: world.options.hosts[0] ?? '' });
}

function settle(world: World, runUntil: (time: number) => void): number {
  const calmAt = world.now;
  let askAt = world.now;
  const deadline = calmAt + settleMsMax;
  // What went wrong last is noticed only now.
  runUntil(world.now + 1.3 * world.options.detectMs);
  for (;;) {
    // Looked at from time to time only: it costs more than a step.
    for (let look = world.now + 20; ; look += 20) {
      runUntil(look);
      if (isLive(settledViews(world), world)) break;
      if (world.now >= deadline) throw new Breach('liveness', describeUnrest(world));
    }
    const frozen = world.agents().find(({ ownership }) => ownership.freeze.frozen);
    if (frozen === undefined) return world.now - calmAt;
    if (world.now >= deadline) throw new Breach('liveness', `${frozen.host.name} is not thawed`);
    runUntil(world.now + 20);
    if (world.now < askAt) continue;
    askAt = world.now + 200;
    world.apply({ kind: 'command', host: frozen.host.name, command: { kind: 'thaw' } });
  }
}

/** All that hear each other are in one view, and every set that somebody may have is held. */
function isLive(views: readonly Settled[] | null, world: World): boolean {
  if (views === null) return false;
  if (views.length > 1 && !isCut(world)) return false;
  return views.every((view) => world.sets.every((set) => !isOwed(view, set) || view.some(({ host }) => host.has(set))));
}

/** Of what time alone will change in ownership, or with what a dead agent has left. */
function nextDeadline(world: World): number {
  const fences = [...world.hosts.values()].flatMap(({ guard, clock }) =>
    guard === null || guard.until === null ? [] : [clock.trueTimeOf(guard.until)],
  );
  return Math.min(
    ...fences.filter((at) => at > world.now),
    ...world.agents().map(({ host, ownership }) => {
      const at = nextWakeup(ownership);
      return at === null ? Number.POSITIVE_INFINITY : host.clock.trueTimeOf(at);
    }),
  );
}

function isCut(world: World): boolean {
  const agents = world.agents();
  return agents.some((a) => agents.some((b) => !world.carries(a.host.name, b.host.name)));
}

function describeUnrest(world: World): string {
  const agents = world.agents().map(({ host, engine, ownership, underWay }) => {
    const view = engine?.view?.members.map((member) => member.slice(0, member.indexOf('/'))).join(' ') ?? 'no view';
    const { decided, proposed } = ownership;
    return `${host.name}: ${view}, ${engine?.agreement.kind}, decision ${decided} of ${proposed}, ${underWay} under way, holds ${host.held.join(' ')}`;
  });
  return `${settleMsMax} ms after the last fault it is not at rest: ${agents.join('; ')}`;
}

/** An assertion of the step functions themselves is a promise as well. */
function withBreaches<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof AssertionError) throw new Breach('assertions', error.message);
    throw error;
  }
}
