/** Promise 8: under a standing one-way or partial cut, finitely many views, and coverage. */
import { Breach } from '../breach.ts';
import { isOwed } from '../eligible.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** Views that one member may install after the last fault: one for each that falls out or comes back, and some attempts. */
const viewsMax = 12;

export class StandingCut implements Check {
  readonly name = 'standing cut';
  exercised = 0;
  readonly #views = new Map<string, number>();
  #faults = 0;

  observe(observation: Observation): void {
    if (observation.kind === 'fault') {
      this.#faults += 1;
      this.#views.clear();
    } else if (observation.kind === 'installed') {
      const views = (this.#views.get(observation.member) ?? 0) + 1;
      this.#views.set(observation.member, views);
      if (views > viewsMax + observation.view.members.length) {
        throw new Breach(this.name, `${observation.host} installs its ${views}th view since the last fault`);
      }
    }
  }

  atRest(views: readonly Settled[], world: World): void {
    const agents = world.agents();
    const cut = agents.some((a) => agents.some((b) => a !== b && world.isCut(a.host.name, b.host.name)));
    if (!cut || this.#faults === 0) return;
    this.#faults = 0;
    this.exercised += 1;
    for (const view of views) {
      for (const name of world.sets) {
        if (isOwed(view, name) && !view.some(({ host }) => host.has(name))) {
          throw new Breach(this.name, `${view.map(({ host }) => host.name).join(' ')} do not serve ${name}`);
        }
      }
    }
  }
}
