import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mutants } from '../mutation/mutant.ts';
import { mutations } from './mutations.ts';

/** What one broken rule may take to be noticed. */
const seeds = 1_000;

let mutants: Mutants;

beforeAll(async () => {
  mutants = await Mutants.of('simulation/first-failure');
});

afterAll(() => mutants.remove());

describe('a rule that is broken is noticed', () => {
  it.concurrent.each(mutations)('$rule ($file)', { timeout: 150_000 }, async (mutation) => {
    const promise = await mutants.run(mutation, String(seeds));
    console.log(`${mutation.rule}: ${promise}`);
    expect(promise).not.toBe('none');
  });
});
