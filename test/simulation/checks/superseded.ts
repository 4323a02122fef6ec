/**
 * Promise 4: no claim, renewal or announcement under a superseded grant or by an ejected incarnation, as far as that member can
 * know; and one grant is given to one member only.
 */
import { compareViewIds, type MemberId } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** What a process that stood still may send after it goes on: nothing after this. */
const afterStallMsMax = 20;

export class Superseded implements Check {
  readonly name = 'superseded';
  exercised = 0;
  readonly #granted = new Map<string, MemberId>();
  /** Hosts that stood still for longer than the others' patience, visibly: when they went on. */
  readonly #stalled = new Map<string, number>();

  observe(observation: Observation, world: World): void {
    switch (observation.kind) {
      case 'stepped':
        this.#stepped(observation);
        return;
      case 'announced':
        this.#announced(observation.host, observation.set, world);
        return;
      case 'resumed':
        if (observation.clock === 'runs' && observation.pausedMs > 2 * world.options.detectMs)
          this.#stalled.set(observation.host, world.now);
        return;
      case 'started':
        this.#stalled.delete(observation.host);
        return;
      default:
    }
  }

  atRest(): void {}

  #stepped({ host, event, before, after, effects }: Observation & { kind: 'stepped' }): void {
    if (event.kind === 'view' || (before.stalledUntil !== null && after.stalledUntil === null))
      this.#stalled.delete(host);
    for (const effect of effects) {
      if (effect.kind === 'claim') for (const set of effect.sets) this.#claims(host, set, after);
      if (effect.kind !== 'send' || effect.message.kind !== 'decision' || after.view === null) continue;
      for (const { set, owner, grant } of effect.message.assignments) {
        if (owner === null) continue;
        const key = `${grant.view.counter} ${grant.view.leader} ${grant.n} ${set}`;
        const known = this.#granted.get(key);
        if (known !== undefined && known !== owner) {
          throw new Breach(
            this.name,
            `the grant ${grant.view.counter}/${grant.n} of ${set} is ${known}'s and ${owner}'s`,
          );
        }
        this.#granted.set(key, owner);
      }
    }
  }

  #claims(host: string, set: SetName, state: (Observation & { kind: 'stepped' })['after']): void {
    this.exercised += 1;
    const assignment = state.assignments.get(set);
    if (state.view === null || state.decided === 0) {
      throw new Breach(this.name, `${host} claims ${set} without a decision of its view`);
    }
    if (assignment?.owner !== state.self) throw new Breach(this.name, `${host} claims ${set}, which is another's`);
    if (compareViewIds(assignment.grant.view, state.view.id) > 0) {
      throw new Breach(this.name, `${host} claims ${set} under a grant of a view that it has not seen`);
    }
    if (state.stalledUntil !== null) throw new Breach(this.name, `${host} claims ${set} right after a stall`);
  }

  #announced(host: string, set: SetName, world: World): void {
    const { agent } = world.host(host);
    if (agent === null) throw new Breach(this.name, `${host} announces ${set} without an agent`);
    const { ownership } = agent;
    const stalledAt = this.#stalled.get(host);
    if (stalledAt !== undefined && world.now - stalledAt > afterStallMsMax) {
      throw new Breach(this.name, `${host} announces ${set} after it stood still, before it knows what became of it`);
    }
    const assignment = ownership.assignments.get(set);
    const holding = ownership.holdings.get(set);
    if (holding === undefined || holding.phase === 'releasing') {
      throw new Breach(this.name, `${host} announces ${set}, which it gives up`);
    }
    // A claim that another was given meanwhile is known only once the kernel has answered.
    if (holding.phase === 'claiming' || assignment === undefined || assignment.owner === ownership.self) return;
    if (ownership.abandoning || ownership.freeze.frozen) return;
    throw new Breach(this.name, `${host} announces ${set}, which is another's: ${holding.phase}`);
  }
}
