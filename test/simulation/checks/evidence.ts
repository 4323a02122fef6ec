/**
 * Promise 4, of what follows from no decision: a machine that was paused, its clock as well, renews and repeats nothing that another host
 * has taken over meanwhile. No clock shows it the gap; whether its view stands it has to ask. Only what it had asked right before the
 * pause may have been answered by then. One that was alone in its view has nobody to ask: it serves beside the others until it hears them.
 */
import type { SetName } from '../../../agent/ownership/grant.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** From a question, over two threads, to what follows from its answer. */
const underWayMsMax = 25;

export class ViewEvidence implements Check {
  readonly name = 'evidence';
  exercised = 0;
  /** Hosts that were paused for longer than the others of their view wait, and are in no other since; when the pause began. */
  readonly #unaware = new Map<string, number>();
  /** When each asked last. */
  readonly #asked = new Map<string, number>();

  observe(observation: Observation, world: World): void {
    switch (observation.kind) {
      case 'resumed':
        if (observation.clock !== 'stands' || isAlone(observation.host, world)) return;
        if (observation.pausedMs > 2 * world.options.detectMs)
          this.#unaware.set(observation.host, world.now - observation.pausedMs);
        return;
      case 'installed':
      case 'started':
      case 'ended':
        this.#unaware.delete(observation.host);
        return;
      case 'waits':
        this.#asked.set(observation.host, world.now);
        if (this.#lost(observation.host, world).length > 0) this.exercised += 1;
        return;
      case 'renewed':
        for (const set of this.#lost(observation.host, world)) {
          throw new Breach(this.name, `${observation.host} renews ${set}, which another has since it was paused`);
        }
        return;
      case 'announced':
        if (observation.why !== 'repeat' || !this.#lost(observation.host, world).includes(observation.set)) return;
        throw new Breach(
          this.name,
          `${observation.host} repeats ${observation.set}, which another has since it was paused`,
        );
      default:
    }
  }

  atRest(): void {}

  /** What it has, and another that it can hear, in a view without it, as well. */
  #lost(name: string, world: World): readonly SetName[] {
    const pausedAt = this.#unaware.get(name);
    if (pausedAt === undefined || world.weather.loss > 0) return [];
    const askedMs = pausedAt - (this.#asked.get(name) ?? 0);
    if (askedMs >= 0 && askedMs < underWayMsMax) return [];
    const host = world.host(name);
    if (host.agent === null) return [];
    const { member } = host.agent;
    const others = world.agents().filter((other) => {
      const { view, self } = other.ownership;
      if (view === null || view.members.includes(member) || self === member) return false;
      return world.carries(name, other.host.name) && world.carries(other.host.name, name);
    });
    return host.held.filter((set) => others.some((other) => other.host.has(set)));
  }
}

/** By the view that it had when it was paused. */
function isAlone(host: string, world: World): boolean {
  return world.host(host).agent?.engine?.view?.members.length === 1;
}
