/** Chance for simulations: everything follows from one seed. */
import { nextRandom, type RandomState, seedRandom } from '../../agent/membership/random.ts';

export class Dice {
  #state: RandomState;

  /** @param seed neighbouring ones give unlike sequences */
  constructor(seed: number) {
    let word = Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b;
    word = Math.imul(word ^ (word >>> 16), 0x7feb352d);
    word = Math.imul(word ^ (word >>> 15), 0x846ca68b); // lowbias32 (Wellons 2018)
    this.#state = seedRandom(word ^ (word >>> 16));
  }

  /** 0 <= value < bound, whole */
  below(bound: number): number {
    this.#state = nextRandom(this.#state);
    return this.#state % bound;
  }

  /** min <= value < max */
  between(min: number, max: number): number {
    return min + ((max - min) * this.below(4096)) / 4096;
  }

  /** @param share 0..1 */
  chance(share: number): boolean {
    return share > 0 && this.below(1 << 20) < share * (1 << 20);
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  /** Each order is as likely. */
  shuffled<T>(list: readonly T[]): readonly T[] {
    const rest = [...list];
    const order: T[] = [];
    while (rest.length > 0) order.push(...rest.splice(this.below(rest.length), 1));
    return order;
  }
}
