/**
 * Silence is not death: under `takeover = "answered"` nothing is taken over from a host whose heartbeats alone are blocked, and where that is
 * all that befalls a group at rest, no set comes or goes anywhere.
 */
import { hostOf } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import type { Assignment } from '../../../agent/ownership/message.ts';
import type { OwnershipState } from '../../../agent/ownership/state.ts';
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
  /** The same of one host. */
  readonly #newUntil = new Map<string, number>();
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
        if (kind === 'removed' && observation.why === 'expired') {
          this.#isOnlyBlocked = false; // of an agent that died before
          return;
        }
        throw new Breach(this.name, `${set} is ${kind} on ${host}, though only heartbeats are blocked`);
      }
      default:
    }
  }

  atRest(): void {}

  #befall(fault: Fault, world: World): void {
    switch (fault.kind) {
      case 'block':
        this.#isOnlyBlocked ||=
          isSteady(world) && isGivenOut(world) && !isCut(world) && canAsk(world) && settledViews(world)?.length === 1;
        return;
      case 'heal':
        return;
      case 'power-off': // no other host answers less for it
      case 'start':
        this.#isOnlyBlocked = false;
        this.#newUntil.set(fault.host, world.now + doubtMs);
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
    const answerer = world.answererOf(set, host);
    if (answerer === null) return;
    if (reason.kind === 'answering' && answerer === reason.host) this.exercised += 1;
    if (world.now < (this.#newUntil.get(answerer) ?? 0)) return;
    if (owner === null || world.now < this.#doubtUntil || world.weather.loss > 0) return;
    if (owner === before.assignments.get(set)?.owner) return; // it had it already, or from a run of the same host before it
    const isTakenOver = reason.kind === 'takeover' && reason.from === answerer;
    const isFirst = reason.kind === 'first' && isLeftTo(answerer, set, before, world);
    if (!isTakenOver && !isFirst) return;
    if (world.host(answerer).agent?.running !== true || before.view?.members.map(hostOf).some((it) => it === answerer))
      return;
    throw new Breach(this.name, `${set} is taken over from ${answerer}, which answers for it`);
  }
}

/** Somebody in the view of who decides was told so. */
function isLeftTo(host: string, set: SetName, { view }: OwnershipState, world: World): boolean {
  return (view?.members ?? []).some((member) => {
    const reason = world.agentOf(member)?.ownership.assignments.get(set)?.reason;
    return reason?.kind === 'answering' && reason.host === host;
  });
}

/** A group that waits for others after a cold start gives out the rest in its time, whatever is blocked; a guard lets go of what another has when that is announced. */
function isGivenOut({ hosts, options }: World): boolean {
  return options.pool.sets.every(({ name }) => [...hosts.values()].filter((host) => host.has(name)).length === 1);
}

/** Somebody may not have noticed yet, or be kept from hearing of it. */
function isCut(world: World): boolean {
  const names = [...world.hosts.keys()];
  return names.some((from) => names.some((to) => world.isCut(from, to)));
}

/** Whose own link is down gets no answer from anybody, and takes who is silent for gone. */
function canAsk({ hosts }: World): boolean {
  return [...hosts.values()].every(({ linkUp }) => linkUp);
}

/** Time alone moves nothing, and no side of a cut lets go. */
function isSteady({ options, weather }: World): boolean {
  const { sets, majority, balance, witnessAsked } = options.pool;
  if (weather.loss > 0 || majority !== undefined || balance.mode === 'auto' || witnessAsked === true) return false;
  return sets.every(({ failbackMs }) => failbackMs === null);
}
