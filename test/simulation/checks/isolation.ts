/**
 * Of `witness_addresses`: a host that is alone in its view and that no witness answers lets go of all within a stated time; one frame or
 * one round without an answer moves nothing, and nothing comes back before the witness has answered for a while.
 */
import { witnessRoundMs } from '../../../agent/ownership/witness-tally.ts';
import type { Agent } from '../agent.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** Two rounds of three. */
const missesOfTwoRounds = 6;
/** Three answers, a second apart, by a clock that may be 5 % fast. */
const backMsMin = 1_900;
/** The witness is asked once a second, then comes a round that is under way, two more, and the kernel; by a slow clock. */
const secondMs = 1_060;
const roundsMax = 3.2;
const kernelMs = 300;

export class Isolation implements Check {
  readonly name = 'isolation';
  exercised = 0;
  /** Frames without an answer, in a row. */
  readonly #misses = new Map<string, number>();
  /** When a host gave its witness up. */
  readonly #silentAt = new Map<string, number>();
  /** Since when a host is alone without a witness, as the world has it. */
  readonly #alone = new Map<string, number>();

  observe(observation: Observation, world: World): void {
    if (world.options.pool.witnessAsked !== true) return;
    switch (observation.kind) {
      case 'witness-asked': {
        const { host, answered } = observation;
        this.#misses.set(host, answered ? 0 : (this.#misses.get(host) ?? 0) + 1);
        this.#look(world);
        return;
      }
      case 'stepped':
        this.#stepped(observation, world);
        this.#look(world);
        return;
      case 'added':
        this.#added(observation, world);
        return;
      case 'started':
        this.#misses.delete(observation.host);
        this.#silentAt.delete(observation.host);
        this.#alone.delete(observation.host);
        return;
      case 'resumed':
        this.#alone.delete(observation.host);
        return;
      case 'fault':
        this.#look(world);
        return;
      default:
    }
  }

  atRest(_views: readonly Settled[], world: World): void {
    if (world.options.pool.witnessAsked !== true) return;
    for (const agent of world.agents()) {
      const { name, held } = agent.host;
      if (!isAlone(agent, world) || held.length === 0) continue;
      throw new Breach(this.name, `${name} hears nobody and no witness, and holds ${held.join(' ')} at rest`);
    }
  }

  #stepped({ host, event, before }: Observation & { kind: 'stepped' }, world: World): void {
    if (event.kind !== 'witness') return;
    const silentAt = this.#silentAt.get(host);
    if (event.word !== 'silent') {
      this.#silentAt.delete(host);
      if (silentAt === undefined || world.now - silentAt >= backMsMin) return;
      throw new Breach(this.name, `${host} believes its witness again after ${Math.round(world.now - silentAt)} ms`);
    }
    const misses = this.#misses.get(host) ?? 0;
    if (misses < missesOfTwoRounds) {
      throw new Breach(this.name, `${host} gives its witness up after ${misses} frames without an answer`);
    }
    this.#silentAt.set(host, world.now);
    if (before.view?.members.length === 1 && before.holdings.size > 0) this.exercised += 1;
  }

  /** A claim that was under way comes to its kernel, and goes again at once. */
  #added({ host, set }: Observation & { kind: 'added' }, world: World): void {
    const { agent } = world.host(host);
    if (agent === null || agent.ownership.view?.members.length !== 1) return;
    if (agent.ownership.witness !== 'silent' || agent.ownership.holdings.get(set)?.phase === 'releasing') return;
    throw new Breach(this.name, `${host} claims ${set} alone, and no witness answers it`);
  }

  #look(world: World): void {
    for (const agent of world.agents()) {
      const { name, held, paused } = agent.host;
      if (paused !== null || !isAlone(agent, world)) {
        this.#alone.delete(name);
        continue;
      }
      const since = this.#alone.get(name);
      if (since === undefined) this.#alone.set(name, world.now);
      else if (held.length > 0 && world.now - since > noticeMsMax(world)) {
        const ms = Math.round(world.now - since);
        throw new Breach(this.name, `${name} hears nobody and no witness for ${ms} ms, and holds ${held.join(' ')}`);
      }
    }
  }
}

/** In a view by itself, and not a witness. */
function isAlone({ witness, ownership, host }: Agent, world: World): boolean {
  return witness !== null && ownership.view?.members.length === 1 && !world.reachesWitness(host.name);
}

function noticeMsMax({ options }: World): number {
  return secondMs + roundsMax * witnessRoundMs(options.detectMs) + kernelMs;
}
