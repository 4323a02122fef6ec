/**
 * Promise 11: a dead agent alone never makes an address unreachable: it stays where it is until another has it. Under a majority its
 * guard lets go in the end, whoever has it; where nothing else befalls the group, not before another has it.
 */
import type { SetName } from '../../../agent/ownership/grant.ts';
import { Breach } from '../breach.ts';
import { isOwed } from '../eligible.ts';
import type { Observation } from '../observation.ts';
import { settledViews } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export class AgentDeath implements Check {
  readonly name = 'agent death';
  exercised = 0;
  /** Sets that a dead agent has left in the kernel of its host, and clients find there. */
  readonly #left = new Map<SetName, string>();
  #faultAt = 0;
  /** A host whose agent was killed in the midst of calm, where nothing has happened since. */
  #deadInCalm: string | null = null;

  observe(observation: Observation, world: World): void {
    switch (observation.kind) {
      case 'fault':
        this.#faultAt = world.now;
        this.#deadInCalm = null;
        if (observation.fault.kind === 'kill' && isCalm(world)) this.#deadInCalm = observation.fault.host;
        return;
      case 'installed':
        this.#installed(world);
        return;
      case 'ended':
        if (observation.how !== 'killed') return;
        for (const set of world.host(observation.host).held) {
          if (world.neighbours.get(set) === observation.host) this.#left.set(set, observation.host);
        }
        return;
      case 'started':
        for (const [set, host] of this.#left) if (host === observation.host) this.#left.delete(set);
        return;
      case 'removed':
        if (this.#left.get(observation.set) !== observation.host) return;
        if (observation.why === 'fenced') this.#fenced(observation, world);
        else if (observation.why === 'reaped' || observation.why === 'power') this.#left.delete(observation.set);
        // With nobody to take it over and no guard to renew it, it ends with its lifetime.
        else if (observation.why === 'yielded' || this.#isTooEarly(observation, world)) {
          throw new Breach(
            this.name,
            `${observation.set} of the dead agent on ${observation.host} went, and nobody has it`,
          );
        }
        return;
      case 'announced': {
        const host = this.#left.get(observation.set);
        if (host === undefined || host === observation.host) return;
        this.#left.delete(observation.set);
        this.exercised += 1;
        if (!world.host(observation.host).answers(observation.set)) {
          throw new Breach(this.name, `${observation.host} takes ${observation.set} over and does not answer`);
        }
        return;
      }
      default:
    }
  }

  atRest(): void {}

  /** The guard tells of the death: the others do not wait for their patience. */
  #installed(world: World): void {
    const host = this.#deadInCalm;
    if (host === null || world.lastFaultAt > this.#faultAt) return;
    const ms = world.now - this.#faultAt;
    if (world.host(host).guard === null || ms < world.options.detectMs / 2) return;
    throw new Breach(this.name, `a view without ${host} comes ${Math.round(ms)} ms after its agent died`);
  }

  /** The others are a majority, heard each other all the time, and one of them could have had it. */
  #fenced({ host, set }: Observation & { kind: 'removed' }, world: World): void {
    this.#left.delete(set);
    if (this.#deadInCalm !== host || world.lastFaultAt > this.#faultAt) return;
    const agents = world.agents();
    if (agents.some(({ ownership }) => ownership.view?.members.length !== agents.length) || !isOwed(agents, set))
      return;
    throw new Breach(this.name, `the guard of ${host} lets go of ${set} before another has it`);
  }

  #isTooEarly({ host, why }: Observation & { kind: 'removed' }, world: World): boolean {
    const free = world.agents().filter(({ ownership }) => !ownership.freeze.frozen); // a frozen group takes nothing over
    return why === 'expired' && (free.length > 0 || world.host(host).guard !== null);
  }
}

/** All are in one view, with nothing under way. */
function isCalm(world: World): boolean {
  const names = world.agents().map(({ host }) => host.name);
  const isWhole = names.every((from) => names.every((to) => world.carries(from, to)));
  return isWhole && world.weather.loss === 0 && settledViews(world)?.length === 1;
}
