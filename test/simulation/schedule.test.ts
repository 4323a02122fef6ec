import { describe, expect, it } from 'vitest';
import { allChecks } from './checks/checks.ts';
import { costOfSchedule } from './cost.ts';
import { drawSchedule } from './schedule.ts';
import { storyOf } from './shrink.ts';
import { describeFailure, type Sweep, sweep } from './sweep.ts';

/**
 * `HOLDFAST_SEED=7` replays one; `HOLDFAST_SEEDS=100000` runs so many, from HOLDFAST_SEED or 1 on; `HOLDFAST_MEMBERS=3` makes all
 * groups that large.
 */
const { HOLDFAST_SEED, HOLDFAST_SEEDS, HOLDFAST_MEMBERS } = process.env;
const seeds = Number(HOLDFAST_SEEDS ?? (HOLDFAST_SEED === undefined ? 1_000 : 1));
const first = Number(HOLDFAST_SEED ?? 1);
const members = HOLDFAST_MEMBERS === undefined ? undefined : Number(HOLDFAST_MEMBERS);
/** Of what one schedule of three members costs (cost.ts): three times what it does. */
const roundsMax = 45_000;
/** With fewer, chance may leave a promise untried. */
const seedsThatTryAll = 1_000;

function report({ schedules, cpuMs, longestSettleMs, exercised }: Sweep): string {
  return [
    `${schedules} schedules, ${Math.round((1_000 * schedules) / cpuMs)} in a second of CPU time; settled within ${Math.round(longestSettleMs)} ms`,
    ...[...exercised].map(([name, times]) => `  ${name}: at stake ${times} times`),
  ].join('\n');
}

describe('runSchedule(): random schedules', () => {
  it(`keep every promise (${seeds} seeds)`, { timeout: 600_000 }, () => {
    const swept = sweep({ first, seeds, members });
    console.log(report(swept));
    if (swept.failure !== null) expect.fail(describeFailure(swept.failure, members));
    if (seeds < seedsThatTryAll) return;
    for (const { name } of allChecks()) expect(swept.exercised.get(name), name).toBeGreaterThan(0);
  });

  it.runIf(seeds >= seedsThatTryAll)(`cost no more than ${roundsMax} rounds of a loop`, () => {
    const { schedulesPerSecond, rounds } = costOfSchedule(first + seeds);
    console.log(
      `${Math.round(schedulesPerSecond)} schedules of three members in a second of CPU time, ${Math.round(rounds)} rounds each`,
    );
    expect(rounds).toBeLessThan(roundsMax);
  });

  it.each([
    { size: 16, from: 1, count: 3 },
    { size: 24, from: 1, count: 3 },
    { size: 32, from: 1, count: 2 },
    { size: 64, from: 3, count: 1 }, // others take up to five times as long
  ])('keep every promise with $size members', { timeout: 240_000 }, ({ size, from, count }) => {
    const swept = sweep({ first: from, seeds: count, members: size });
    console.log(`${count} of ${size} members: ${Math.round(swept.cpuMs)} ms of CPU time`);
    if (swept.failure !== null) expect.fail(describeFailure(swept.failure, size));
  });

  it('are the same for the same seed', () => {
    for (const seed of [3, 4, 5]) expect(storyOf(drawSchedule(seed))).toEqual(storyOf(drawSchedule(seed)));
  });
});
