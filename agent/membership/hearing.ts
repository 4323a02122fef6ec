/**
 * Who hears whom among some members, as bits: in a group of 64 this is asked two thousand times for each change, and most changes
 * are those of one member.
 */
import type { Incarnation } from './identity.ts';
import type { HostName } from './view.ts';

export type Listener = {
  readonly incarnation: Incarnation;
  readonly host: HostName;
  /** The same object as long as nothing changes; null: it hears all of them. */
  readonly hears: ReadonlySet<Incarnation> | null;
};

export type Hearing = {
  readonly listeners: readonly Listener[];
  /** Of 32 bits, in each row. */
  readonly words: number;
  /** Row by row: bit `b` of word `w` says that this one hears the one at 32 w + b, which is of another host. */
  readonly rows: readonly number[];
};

/** @param former what was found last; rows of it are taken over where nothing has changed */
export function hearingOf(listeners: readonly Listener[], former: Hearing | null): Hearing {
  const words = (listeners.length + 31) >>> 5;
  const known = former !== null && isOfSame(former.listeners, listeners) ? former : null;
  const rows = known === null ? new Array<number>(words * listeners.length).fill(0) : known.rows.slice();
  for (const [at, listener] of listeners.entries()) {
    if (known !== null && known.listeners[at]?.hears === listener.hears) continue;
    for (let word = 0; word < words; word += 1) rows[at * words + word] = wordOf(listener, listeners, word);
  }
  return { listeners, words, rows };
}

/** A group of those members that all hear each other, no two of one host. */
export class Circle {
  readonly members: number[] = [];
  readonly #hearing: Hearing;
  /** Who is in it. */
  #has: number[];
  /** Whom all in it hear. */
  #heard: number[];

  constructor(hearing: Hearing) {
    this.#hearing = hearing;
    this.#has = new Array<number>(hearing.words).fill(0);
    this.#heard = new Array<number>(hearing.words).fill(-1);
  }

  /** Takes it in where it fits. */
  add(at: number): boolean {
    const { words, rows } = this.#hearing;
    const start = at * words;
    const bit = 1 << (at & 31);
    if (((this.#heard[at >>> 5] ?? 0) & bit) === 0) return false;
    for (let word = 0; word < words; word += 1)
      if (((this.#has[word] ?? 0) & ~(rows[start + word] ?? 0)) !== 0) return false;
    for (let word = 0; word < words; word += 1)
      this.#heard[word] = (this.#heard[word] ?? 0) & (rows[start + word] ?? 0);
    this.#has[at >>> 5] = (this.#has[at >>> 5] ?? 0) | bit;
    this.members.push(at);
    return true;
  }

  /** Takes all of them in, or none. */
  addAll(group: readonly number[]): boolean {
    const before = { count: this.members.length, has: this.#has.slice(), heard: this.#heard.slice() };
    if (group.every((at) => this.add(at))) return true;
    this.members.length = before.count;
    this.#has = before.has;
    this.#heard = before.heard;
    return false;
  }

  has(at: number): boolean {
    return ((this.#has[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }
}

function isOfSame(a: readonly Listener[], b: readonly Listener[]): boolean {
  return a.length === b.length && a.every(({ incarnation }, at) => incarnation === b[at]?.incarnation);
}

function wordOf({ host, hears }: Listener, listeners: readonly Listener[], word: number): number {
  let bits = 0;
  const end = Math.min(listeners.length, 32 * (word + 1));
  for (let at = 32 * word; at < end; at += 1) {
    const other = listeners[at];
    if (other === undefined || other.host === host) continue;
    if (hears === null || hears.has(other.incarnation)) bits |= 1 << (at & 31);
  }
  return bits;
}
