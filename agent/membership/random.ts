/** A seeded integer generator as a value: xorshift32 (Marsaglia 2003, triple 13 17 5). Not for secrets. */

export type RandomState = number & { readonly __brand: 'RandomState' };

/** @param seed any 32-bit integer; 0, where the generator would stand still, is replaced */
export function seedRandom(seed: number): RandomState {
  const word = seed >>> 0;
  return (word === 0 ? 0x9e3779b9 : word) as RandomState; // the one place that makes one
}

/** The state is also the value: 1 .. 2^32 - 1. */
export function nextRandom(state: RandomState): RandomState {
  let x: number = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return (x >>> 0) as RandomState; // xorshift never leaves the 32-bit words other than 0
}
