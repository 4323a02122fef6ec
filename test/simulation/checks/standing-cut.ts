/**
 * Promise 8: under a standing one-way or partial cut, finitely many views, and coverage; and of two that hear each other and are in
 * different views one holds nothing.
 */
import type { SetName } from '../../../agent/ownership/grant.ts';
import { isForThisHostAlone } from '../../../agent/ownership/report.ts';
import { Breach } from '../breach.ts';
import { isOwed } from '../eligible.ts';
import type { Host } from '../host.ts';
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
    const cut = agents.some((a) => agents.some((b) => a !== b && !world.carries(a.host.name, b.host.name)));
    if (!cut || this.#faults === 0) return;
    if (world.now - world.lastFaultAt < world.options.detectMs) return; // nobody can have noticed
    this.#faults = 0;
    this.exercised += 1;
    checkApart(views, world);
    for (const view of views) {
      for (const name of world.sets) {
        if (isOwed(view, name) && !view.some(({ host }) => host.has(name))) {
          throw new Breach(this.name, `${view.map(({ host }) => host.name).join(' ')} do not serve ${name}`);
        }
      }
    }
  }
}

function checkApart(views: readonly Settled[], world: World): void {
  if (views.flat().some(({ ownership }) => ownership.freeze.frozen)) return;
  for (const view of views) {
    for (const { host } of view) {
      const others = views.flatMap((other) => (other === view ? [] : other)).map((agent) => agent.host);
      const heard = others.filter(({ name }) => world.reaches(host.name, name) && world.reaches(name, host.name));
      for (const other of heard) {
        const both = host.held.find((set) => other.has(set) && !isDisputed(set, host, other));
        if (both === undefined) continue;
        throw new Breach('standing cut', `${host.name} and ${other.name} hear each other, and both hold ${both}`);
      }
    }
  }
}

/**
 * Their files differ, and one says that no other host may ever have the set: who stands back keeps that, and cannot know what is in the
 * file of a view that does not take it in.
 */
function isDisputed(set: SetName, ...hosts: readonly Host[]): boolean {
  const [version, ...others] = hosts.map(({ pool }) => pool.version);
  if (others.every((other) => other === version)) return false;
  return hosts.some(({ agent }) => agent !== null && isForThisHostAlone(agent.ownership, set));
}
