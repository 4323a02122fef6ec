/** Promise 11: a dead agent alone never makes an address unreachable: it stays where it is until another has it. */
import type { SetName } from '../../../agent/ownership/grant.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export class AgentDeath implements Check {
  readonly name = 'agent death';
  exercised = 0;
  /** Sets that a dead agent has left in the kernel of its host, and clients find there. */
  readonly #left = new Map<SetName, string>();

  observe(observation: Observation, world: World): void {
    switch (observation.kind) {
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
        if (observation.why === 'reaped' || observation.why === 'power') this.#left.delete(observation.set);
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

  #isTooEarly({ host, why }: Observation & { kind: 'removed' }, world: World): boolean {
    return why === 'expired' && (world.agents().length > 0 || world.host(host).guard !== null);
  }
}
