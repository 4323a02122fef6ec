/** Promise 7: all members of a view agree on it and on its messages; ids only grow. */
import { compareViewIds, type MemberId, type View, type ViewId } from '../../../agent/membership/view.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

type Installed = {
  readonly view: View;
  /** The view before, and what was delivered in it, by sender, in order. */
  readonly former: Installed | null;
  readonly delivered: Map<MemberId, string[]>;
};

export class Agreement implements Check {
  readonly name = 'agreement';
  exercised = 0;
  readonly #members = new Map<string, string>();
  readonly #now = new Map<MemberId, Installed>();
  readonly #byView = new Map<string, Map<MemberId, Installed>>();

  observe(observation: Observation, world: World): void {
    if (observation.kind === 'installed') this.#installed(observation.member, observation.view);
    else if (observation.kind === 'delivered') {
      const { member, sender, key } = observation;
      const current = this.#now.get(member);
      if (current === undefined || !current.view.members.includes(sender)) {
        throw new Breach(this.name, `${member} delivers from ${sender}, who is not in its view`);
      }
      const list = current.delivered.get(sender);
      if (list === undefined) current.delivered.set(sender, [key]);
      else if (world.options.bytes === 'numbers' && list.includes(key))
        throw new Breach(this.name, `${member} delivers a message of ${sender} twice`);
      else list.push(key);
    }
  }

  atRest(): void {}

  #installed(member: MemberId, view: View): void {
    const id = idOf(view.id);
    const members = view.members.join();
    const known = this.#members.get(id);
    if (known !== undefined && known !== members) {
      throw new Breach(this.name, `there are two views ${id}: ${known} and ${members}`);
    }
    this.#members.set(id, members);
    const former = this.#now.get(member) ?? null;
    if (former !== null && compareViewIds(former.view.id, view.id) >= 0) {
      throw new Breach(this.name, `${member} installs ${id} after ${idOf(former.view.id)}`);
    }
    const installed: Installed = { view, former, delivered: new Map() };
    this.#now.set(member, installed);
    const others = this.#byView.get(id) ?? new Map<MemberId, Installed>();
    this.#byView.set(id, others);
    for (const [other, theirs] of others) this.#together(member, installed, other, theirs);
    others.set(member, installed);
  }

  #together(member: MemberId, mine: Installed, other: MemberId, theirs: Installed): void {
    const together = mine.view.together.includes(other);
    if (together !== theirs.view.together.includes(member)) {
      throw new Breach(this.name, `${member} and ${other} do not agree whether they came together`);
    }
    if (!together) return;
    const a = mine.former;
    const b = theirs.former;
    if (a === null || b === null || compareViewIds(a.view.id, b.view.id) !== 0) {
      throw new Breach(this.name, `${member} and ${other} came together from different views`);
    }
    for (const sender of a.view.members) {
      const one = a.delivered.get(sender)?.join() ?? '';
      const two = b.delivered.get(sender)?.join() ?? '';
      if (one !== '') this.exercised += 1;
      if (one !== two) {
        throw new Breach(this.name, `${member} and ${other} left ${idOf(a.view.id)} with other messages of ${sender}`);
      }
    }
  }
}

function idOf({ counter, leader }: ViewId): string {
  return `${counter}.${leader}`;
}
