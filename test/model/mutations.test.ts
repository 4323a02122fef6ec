import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mutants, type Mutation } from '../mutation/mutant.ts';

/** Rules of the protocol, each broken once, and the world that must notice. */
const mutations: readonly (Mutation & { readonly world: string })[] = [
  {
    rule: 'ids only grow',
    file: 'membership/ballot',
    find: 'counter: counter + 1',
    put: 'counter: Math.max(1, counter)',
    world: 'two, crash and restart',
  },
  {
    rule: 'lower ballots are refused',
    file: 'membership/following',
    find: 'if (compareMaybeViewIds(ballot, state.promised) <= 0)',
    put: 'if (false)',
    world: 'three, crash and restart',
  },
  {
    rule: 'who promised a ballot delivers no more',
    file: 'membership/member-state',
    find: 'return state.view === null || compareViewIds(state.promised, state.view.id) > 0;',
    put: 'return state.view === null;',
    world: 'three, a set is moved',
  },
  {
    rule: 'of a merge the loser releases',
    file: 'ownership/holder',
    find: 'if (ownerHasIt) {',
    put: 'if (false) {',
    world: 'two sides that meet',
  },
  {
    rule: 'nothing is released before the new owner has it',
    file: 'ownership/holder',
    find: 'if (owner === null || isOutFor(state, set))',
    put: 'if (true)',
    world: 'three, a set is moved',
  },
  {
    rule: 'an older view’s word is no grant',
    file: 'ownership/holder',
    find: 'if (state.decided === 0)',
    put: 'if (false)',
    world: 'two, late and stalled',
  },
  {
    rule: 'break before make waits for the release',
    file: 'ownership/holder',
    find: "if (handover === 'make-before-break')",
    put: 'if (true)',
    world: 'three, break before make',
  },
  {
    rule: 'half of the hosts and fewer are a minority',
    file: 'ownership/quorum',
    find: 'needed: Math.floor(voters.size / 2) + 1',
    put: 'needed: 1',
    world: 'three, majority',
  },
];

let mutants: Mutants;

beforeAll(async () => {
  mutants = await Mutants.of('model/first-failure');
});

afterAll(() => mutants.remove());

describe('a rule that is broken is noticed', () => {
  it.concurrent.each(mutations)('$rule ($file)', { timeout: 150_000 }, async ({ world, ...mutation }) => {
    const promise = await mutants.run(mutation, world);
    console.log(`${mutation.rule}: ${promise}`);
    expect(promise).not.toBe('none');
  });
});
