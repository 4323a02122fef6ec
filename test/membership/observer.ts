/** Sees every view and every delivery of every member, and knows what must never be. A breach names the seed. */
import { strict as assert } from 'node:assert';
import { compareViewIds, type MemberId, type View, type ViewId } from '../../agent/membership/view.ts';

type Installed = {
  readonly view: View;
  /** The view before, and what was delivered in it, by sender: the order is that of delivery. */
  readonly former: Installed | null;
  readonly delivered: Map<MemberId, string[]>;
};

export class Observer {
  /** How often each law was put to the test: one that never was proves nothing. */
  readonly checked = { sameView: 0, level: 0, growing: 0, fifo: 0, together: 0 };
  viewsInstalled = 0;
  readonly #seed: number;
  readonly #members = new Map<string, string>();
  readonly #levels = new Map<MemberId, number>();
  readonly #now = new Map<MemberId, Installed | null>();
  readonly #byView = new Map<string, Map<MemberId, Installed>>();
  readonly #sent = new Map<MemberId, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  started(member: MemberId, level: number): void {
    this.#levels.set(member, level);
    this.#now.set(member, null);
  }

  ended(member: MemberId): void {
    this.#now.delete(member);
  }

  installed(member: MemberId, view: View): void {
    this.viewsInstalled += 1;
    const former = this.#now.get(member) ?? null;
    const id = idOf(view.id);
    const members = view.members.join();
    const known = this.#members.get(id);
    if (known !== undefined) this.checked.sameView += 1;
    this.#check(known === undefined || known === members, `two views ${id}: ${known} and ${members}`);
    this.#members.set(id, members);
    const lowest = Math.min(...view.members.map((other) => this.#levels.get(other) ?? 0));
    if (lowest < (this.#levels.get(member) ?? 0)) this.checked.level += 1;
    this.#check(view.level === lowest, `${member}: ${id} has the level ${view.level}, its lowest member ${lowest}`);
    if (former !== null) {
      this.checked.growing += 1;
      this.#check(compareViewIds(former.view.id, view.id) < 0, `${member}: ${idOf(former.view.id)} before ${id}`);
    }
    const installed: Installed = { view, former, delivered: new Map() };
    this.#now.set(member, installed);
    const others = this.#byView.get(id) ?? new Map<MemberId, Installed>();
    this.#byView.set(id, others);
    for (const [other, theirs] of others) this.#checkTogether(member, installed, other, theirs);
    others.set(member, installed);
  }

  delivered(member: MemberId, sender: MemberId, payload: Uint8Array): void {
    const current = this.#now.get(member);
    this.#check(current != null, `${member} delivers without a view`);
    if (current == null) return;
    this.#check(current.view.members.includes(sender), `${member} delivers from ${sender}, not in its view`);
    const list = current.delivered.get(sender) ?? [];
    current.delivered.set(sender, list);
    const text = new TextDecoder().decode(payload.subarray(0, 40));
    const previous = list.at(-1);
    if (previous !== undefined) {
      this.checked.fifo += 1;
      this.#check(numberIn(text) > numberIn(previous), `${member}: from ${sender} ${text} after ${previous}`);
    }
    list.push(text);
  }

  /** A payload whose number tells its place among all its sender ever sent; padded to `bytes`. */
  payload(sender: MemberId, bytes: number): Uint8Array {
    const number = (this.#sent.get(sender) ?? 0) + 1;
    this.#sent.set(sender, number);
    const text = new TextEncoder().encode(`${number} `);
    const payload = new Uint8Array(Math.max(bytes, text.length)).fill(0x2e);
    payload.set(text);
    return payload;
  }

  #checkTogether(member: MemberId, mine: Installed, other: MemberId, theirs: Installed): void {
    const forward = mine.view.together.includes(other);
    const backward = theirs.view.together.includes(member);
    this.#check(forward === backward, `${member} and ${other} do not agree that they came together`);
    if (!forward) return;
    this.#check(mine.former !== null && theirs.former !== null, `${member} and ${other} came from nowhere together`);
    if (mine.former === null || theirs.former === null) return;
    this.checked.together += 1;
    const a = idOf(mine.former.view.id);
    const b = idOf(theirs.former.view.id);
    this.#check(a === b, `${member} came from ${a}, ${other} from ${b}, together`);
    for (const sender of mine.former.view.members) {
      const one = (mine.former.delivered.get(sender) ?? []).join();
      const two = (theirs.former.delivered.get(sender) ?? []).join();
      this.#check(one === two, `in ${a} ${member} delivered ${one} and ${other} ${two} of ${sender}`);
    }
  }

  #check(holds: boolean, breach: string): void {
    assert.ok(holds, `seed ${this.#seed}: ${breach}`);
  }
}

function idOf(id: ViewId): string {
  return `${id.counter}.${id.leader}`;
}

function numberIn(text: string): number {
  return Number.parseInt(text, 10);
}
