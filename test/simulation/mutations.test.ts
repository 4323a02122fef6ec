import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mutants } from '../mutation/mutant.ts';
import { allChecks } from './checks/checks.ts';
import { mutations } from './mutations.ts';

/** What one broken rule may take to be noticed. */
const seeds = 1_000;
/** The same in groups that are told to be small: these schedules are cheap. */
const seedsOfSmall = 3_000;

let mutants: Mutants;

beforeAll(async () => {
  mutants = await Mutants.of('simulation/first-failure');
});

afterAll(() => mutants.remove());

describe('a rule that is broken is noticed', () => {
  it('by every promise there is', () => {
    const noticed = new Set(mutations.map(({ breaks }) => breaks));
    for (const { name } of allChecks()) expect(noticed, name).toContain(name);
  });

  it.concurrent.each(mutations)('$rule ($file)', { timeout: 150_000 }, async (mutation) => {
    const promise = await mutants.run(
      mutation,
      String('members' in mutation ? seedsOfSmall : seeds),
      ...(mutation.breaks === undefined ? [] : [mutation.breaks]),
      ...('members' in mutation ? [String(mutation.members)] : []),
    );
    console.log(`${mutation.rule}: ${promise}`);
    expect(promise).toMatch(new RegExp(`^${mutation.breaks ?? '(?!none)'}`));
  });
});
