/**
 * Silence is not death: under `takeover = "answered"` nothing is taken over from a host whose heartbeats alone are blocked, and where that is
 * all that befalls a group at rest, no set comes or goes anywhere.
 */
import { hostOf } from '../../../agent/membership/view.ts';
import type { Assignment } from '../../../agent/ownership/message.ts';
import { Breach } from '../breach.ts';
import type { Fault } from '../fault.ts';
import type { Observation } from '../observation.ts';
import { settledViews } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** An answer that was lost for other reasons counts for so long. */
const doubtMs = 2_000;

export class Answering implements Check {
  readonly name = 'answering';
  exercised = 0;
  /** Until then something else than a block may be why a host does not answer. */
  #doubtUntil = 0;
  /** A group at rest has been met by a block, and by nothing else. */
  #isOnlyBlocked = false;

  observe(observation: Observation, world: World): void {
    if (world.options.takeover !== 'answered') return;
    switch (observation.kind) {
      case 'fault':
        this.#befall(observation.fault, world);
        return;
      case 'resumed':
        this.#doubtUntil = world.now + doubtMs;
        return;
      case 'stepped':
        for (const effect of observation.effects) {
          if (effect.kind !== 'send' || effect.message.kind !== 'decision') continue;
          for (const assignment of effect.message.assignments) this.#check(assignment, observation, world);
        }
        return;
      case 'added':
      case 'removed': {
        if (!this.#isOnlyBlocked) return;
        const { host, set, kind } = observation;
        throw new Breach(this.name, `${set} is ${kind} on ${host}, though only heartbeats are blocked`);
      }
      default:
    }
  }

  atRest(): void {}

  #befall(fault: Fault, world: World): void {
    switch (fault.kind) {
      case 'block':
        this.#isOnlyBlocked ||= isSteady(world) && isGivenOut(world) && settledViews(world)?.length === 1;
        return;
      case 'heal':
        return;
      case 'weather':
        if (fault.weather.loss === 0) return;
        break;
      default:
    }
    this.#isOnlyBlocked = false;
    this.#doubtUntil = Math.max(this.#doubtUntil, world.now + doubtMs + ('ms' in fault ? fault.ms : 0));
  }

  #check({ set, owner, reason }: Assignment, { host, before }: Observation & { kind: 'stepped' }, world: World): void {
    if (reason.kind === 'answering' && world.answererOf(set, host) === reason.host) this.exercised += 1;
    const former = before.assignments.get(set)?.owner ?? null;
    if (reason.kind !== 'takeover' || owner === null || former === null || world.now < this.#doubtUntil) return;
    if (owner === former) return; // it had it from a run of the same host before it, and keeps it for the reason of that day
    if (hostOf(former) !== reason.from || world.agentOf(former)?.running !== true) return;
    if (world.weather.loss > 0 || world.answererOf(set, host) !== reason.from) return;
    throw new Breach(this.name, `${set} is taken over from ${reason.from}, which answers for it`);
  }
}

/** A group that waits for others after a cold start gives out the rest in its time, whatever is blocked. */
function isGivenOut({ hosts, options }: World): boolean {
  return options.pool.sets.every(({ name }) => [...hosts.values()].some((host) => host.has(name)));
}

/** Time alone moves nothing, and no side of a cut lets go. */
function isSteady({ options, weather }: World): boolean {
  const { sets, majority, balance, witnessAsked } = options.pool;
  if (weather.loss > 0 || majority !== undefined || balance.mode === 'auto' || witnessAsked === true) return false;
  return sets.every(({ failbackMs }) => failbackMs === null);
}
