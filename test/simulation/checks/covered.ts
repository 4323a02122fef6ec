/** Promise 2: covered within a stated time while somebody eligible is there. */
import type { SetName } from '../../../agent/ownership/grant.ts';
import { leavePatienceMs } from '../../../agent/ownership/state.ts';
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
    if (observation.kind === 'stepped') {
      this.#checkHandovers(observation, world);
      this.#checkLeaving(observation, world);
    }
    if (observation.kind !== 'removed') return;
    const { set } = observation;
    if (![...world.hosts.values()].some((host) => host.has(set))) this.#lost.add(set);
  }

  /** Make before break: who gives a set to another of its view keeps it until that one has it as well. */
  #checkHandovers({ host, after, effects }: Observation & { kind: 'stepped' }, world: World): void {
    const { assignments, self, view, decided, stalledUntil, apart, leavingUntil } = after;
    if (view === null || decided === 0 || stalledUntil !== null || apart.length > 0 || leavingUntil !== null) return;
    for (const effect of effects) {
      for (const set of effect.kind === 'release' ? effect.sets : []) {
        if (!after.setNames.has(set)) continue; // its file does not have it any more
        const { owner = null, handover = null } = assignments.get(set) ?? {};
        if (owner === null || owner === self || handover !== 'make-before-break') continue;
        if (!after.setNames.has(set)) continue; // gone from this host's file
        const successor = world.agentOf(owner)?.host;
        if (successor === undefined || successor.has(set)) continue;
        throw new Breach(this.name, `${host} releases ${set} before ${successor.name} has it`);
      }
    }
  }

  /** Who leaves is not left with a set until its own patience ends, where another could have had it all the time. */
  #checkLeaving({ host, event, after, effects }: Observation & { kind: 'stepped' }, world: World): void {
    const { assignments, self, view, leavingUntil, freeze } = after;
    if (leavingUntil === null || view === null || event.now < leavingUntil || freeze.frozen) return;
    const isCalm = world.now - world.lastFaultAt > leavePatienceMs * 0.9;
    if (!isCalm || view.members.length === 1) return;
    for (const effect of effects) {
      for (const set of effect.kind === 'release' ? effect.sets : []) {
        if (assignments.get(set)?.owner !== self) continue;
        const others = world.agents().filter((agent) => agent.member !== self && view.members.includes(agent.member));
        if (!isOwed(others, set)) continue;
        throw new Breach(this.name, `${host} leaves, and ${set} is given to nobody`);
      }
    }
  }

  atRest(views: readonly Settled[], world: World): void {
    for (const view of views) {
      for (const name of world.sets) {
        const held = view.some(({ host }) => host.has(name));
        if (!held && isOwed(view, name)) throw new Breach(this.name, `nobody holds ${name}, and nothing is under way`);
        if (held && this.#lost.delete(name)) this.exercised += 1;
      }
    }
  }
}
