/**
 * Whose turn it is, of many that take turns: a share of them each time, all of them once in so many turns. A turn that is left out takes
 * nobody's place, but makes all wait. Rejected: a fixed turn for each, so that one whose turn is left out waits for twice the time and a neighbour of it not.
 */
export class Rotation {
  readonly #count: number;
  readonly #turns: number;
  #next = 0;
  /** Parts of one: `turns` are a whole. Below that between two calls. */
  #due = 0;

  /** @param turns in which each of `count` comes once; whole */
  constructor(count: number, turns: number) {
    this.#count = count;
    this.#turns = turns;
  }

  /** Indexes, from 0 up. */
  turn(): readonly number[] {
    const chosen: number[] = [];
    for (this.#due += this.#count; this.#due >= this.#turns; this.#due -= this.#turns) {
      chosen.push(this.#next);
      this.#next = (this.#next + 1) % this.#count;
    }
    return chosen;
  }
}
