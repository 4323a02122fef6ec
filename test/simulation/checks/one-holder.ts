/** Promise 1: in a settled view at most one holder a set; overlap only inside a handover or a merge, bounded. */
import { compareViewIds } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import type { Agent } from '../agent.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** After the last fault, without loss: a view's agreement, a round of reports that waits for one that says nothing, a claim. */
const overlapMsMax = 2_000;

export class OneHolder implements Check {
  readonly name = 'one holder';
  exercised = 0;
  /** Since when two agents of one view hold it. */
  readonly #overlaps = new Map<SetName, number>();
  readonly #overlapped = new Set<SetName>();

  observe(observation: Observation, world: World): void {
    if (observation.kind !== 'added' && observation.kind !== 'removed' && observation.kind !== 'stepped') return;
    if (observation.kind === 'stepped' && observation.before.view === observation.after.view) return;
    for (const set of world.sets) this.#look(set, world);
  }

  atRest(views: readonly Settled[], world: World): void {
    for (const view of views) {
      for (const name of world.sets) {
        const holders = view.filter(({ host }) => host.has(name));
        const frozen = view.some(({ ownership }) => ownership.freeze.frozen);
        if (holders.length > 1 && !frozen) {
          throw new Breach(this.name, `${namesOf(holders)} both hold ${name}, and nothing is under way`);
        }
        if (this.#overlapped.delete(name)) this.exercised += 1;
      }
    }
  }

  #look(set: SetName, world: World): void {
    const since = this.#overlaps.get(set);
    const holders = sameViewHolders(set, world);
    if (holders.length < 2) {
      this.#overlaps.delete(set);
      return;
    }
    this.#overlapped.add(set);
    if (since === undefined) this.#overlaps.set(set, world.now);
    const calmSince = Math.max(since ?? world.now, world.lastFaultAt);
    if (world.weather.loss === 0 && world.now - calmSince > overlapMsMax) {
      throw new Breach(this.name, `${namesOf(holders)} both hold ${set} for ${Math.round(world.now - calmSince)} ms`);
    }
  }
}

function sameViewHolders(set: SetName, world: World): readonly Agent[] {
  const holders = world.agents().filter(({ host, ownership }) => host.has(set) && ownership.view !== null);
  if (holders.length < 2) return [];
  return holders.filter((agent) => holders.some((other) => other !== agent && sameView(agent, other)));
}

function sameView({ ownership: a }: Agent, { ownership: b }: Agent): boolean {
  return a.view !== null && b.view !== null && compareViewIds(a.view.id, b.view.id) === 0;
}

function namesOf(agents: readonly Agent[]): string {
  return agents.map(({ host }) => host.name).join(' and ');
}
