import { describe, expect, it } from 'vitest';
import { allChecks } from './checks/checks.ts';
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

  it('keep every promise with 24 members', { timeout: 120_000 }, () => {
    const swept = sweep({ first: 1, seeds: 3, members: 24 });
    if (swept.failure !== null) expect.fail(describeFailure(swept.failure, 24));
  });

  it('are the same for the same seed', () => {
    for (const seed of [3, 4, 5]) expect(storyOf(drawSchedule(seed))).toEqual(storyOf(drawSchedule(seed)));
  });
});
