/** Promise 6: the last announcement of a set on a segment is its holder's, after the last release. */
import type { MemberId } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

type Word = {
  readonly host: string;
  readonly member: MemberId | null;
  readonly at: number;
  /** Of the speaker's view. */
  readonly view: string;
};

export class LastWord implements Check {
  readonly name = 'last word';
  exercised = 0;
  /** What these runs did when nobody heard them any more, nobody can correct. */
  readonly #ended = new Map<MemberId, 'politely' | 'without a word'>();
  readonly #announced = new Map<SetName, Word>();
  readonly #released = new Map<SetName, Word>();

  observe(observation: Observation, world: World): void {
    if (observation.kind === 'announced') {
      this.#announced.set(observation.set, wordOf(observation.host, world));
    } else if (observation.kind === 'removed' && observation.why === 'released') {
      this.#released.set(observation.set, wordOf(observation.host, world));
    } else if (observation.kind === 'ended') {
      this.#ended.set(observation.member, observation.how === 'left' ? 'politely' : 'without a word');
    }
  }

  atRest(views: readonly Settled[], world: World): void {
    const [view] = views;
    if (view === undefined || views.length > 1) return; // each side of a cut has its say
    if (view.some(({ ownership }) => ownership.freeze.frozen)) return;
    for (const name of world.sets) {
      const holder = view.find(({ host }) => host.has(name))?.host;
      if (holder === undefined || !holder.linkUp) continue;
      if ([...world.hosts.values()].some((host) => host !== holder && host.has(name))) continue; // a dead agent's
      this.#check(name, holder.name);
    }
  }

  #check(set: SetName, holder: string): void {
    const last = this.#announced.get(set);
    if (last !== undefined && last.host !== holder && this.#isLost(last)) return;
    if (last?.host !== holder) {
      throw new Breach(this.name, `${holder} holds ${set}, but ${last?.host ?? 'nobody'} announced it last`);
    }
    const released = this.#released.get(set);
    if (released === undefined || released.host === holder) return;
    this.exercised += 1;
    if (released.at > last.at && !this.#isLost(released, last.view)) {
      throw new Breach(this.name, `${released.host} released ${set} after ${holder} announced it last`);
    }
  }

  /** Its run is over, and was in no view in which its last word could be heard. */
  #isLost({ member, view }: Word, heardIn?: string): boolean {
    const end = member === null ? 'without a word' : this.#ended.get(member);
    return end === 'without a word' || (end === 'politely' && view !== heardIn);
  }
}

function wordOf(host: string, world: World): Word {
  const { agent } = world.host(host);
  const id = agent?.ownership.view?.id;
  const view = id === undefined ? '' : `${id.counter} ${id.leader}`;
  return { host, member: agent?.member ?? null, at: world.now, view };
}
