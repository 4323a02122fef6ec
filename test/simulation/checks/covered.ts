/** Promise 2: covered within a stated time while somebody eligible is there. */
import type { SetName } from '../../../agent/ownership/grant.ts';
import { Breach } from '../breach.ts';
import { isOwed } from '../eligible.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export class Covered implements Check {
  readonly name = 'covered';
  exercised = 0;
  readonly #lost = new Set<SetName>();

  observe(observation: Observation, world: World): void {
    if (observation.kind !== 'removed') return;
    const { set } = observation;
    if (![...world.hosts.values()].some((host) => host.has(set))) this.#lost.add(set);
  }

  atRest(views: readonly Settled[]): void {
    for (const view of views) {
      for (const { name } of view[0]?.ownership.pool.sets ?? []) {
        const held = view.some(({ host }) => host.has(name));
        if (!held && isOwed(view, name)) throw new Breach(this.name, `nobody holds ${name}, and nothing is under way`);
        if (held && this.#lost.delete(name)) this.exercised += 1;
      }
    }
  }
}
