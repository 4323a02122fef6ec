/** Many seeds in a row, with the counts of how often each promise was at stake. */
import { Breach } from './breach.ts';
import { allChecks } from './checks/checks.ts';
import { runSchedule } from './run.ts';
import { drawSchedule } from './schedule.ts';
import { shrink, storyOf } from './shrink.ts';

export type Sweep = {
  readonly schedules: number;
  readonly exercised: ReadonlyMap<string, number>;
  readonly longestSettleMs: number;
  /** Of this process. */
  readonly cpuMs: number;
  readonly failure: Failure | null;
};

export type Failure = { readonly seed: number; readonly promise: string; readonly message: string };

export type SweepOptions = {
  readonly first: number;
  readonly seeds: number;
  readonly members?: number | undefined;
  /** Only this one is looked at. */
  readonly promise?: string | undefined;
};

/** Ends at the first failure. */
export function sweep({ first, seeds, members, promise }: SweepOptions): Sweep {
  const exercised = new Map<string, number>();
  const started = process.cpuUsage();
  let longestSettleMs = 0;
  let failure: Failure | null = null;
  let seed = first;
  for (; seed < first + seeds && failure === null; seed += 1) {
    try {
      const checks = allChecks().filter(({ name }) => promise === undefined || name === promise);
      const run = runSchedule(drawSchedule(seed, members), undefined, checks);
      longestSettleMs = Math.max(longestSettleMs, run.settledAfterMs);
      for (const check of run.checks) exercised.set(check.name, (exercised.get(check.name) ?? 0) + check.exercised);
    } catch (error) {
      if (!(error instanceof Breach)) throw error;
      if (promise !== undefined && error.promise !== promise) continue;
      failure = { seed, promise: error.promise, message: error.message };
    }
  }
  const { user, system } = process.cpuUsage(started);
  return { schedules: seed - first, exercised, longestSettleMs, cpuMs: (user + system) / 1000, failure };
}

/** What to read and what to run. */
export function describeFailure({ seed, promise, message }: Failure, members?: number): string {
  const shrunk = shrink(drawSchedule(seed, members), promise);
  const size = members === undefined ? '' : `HOLDFAST_MEMBERS=${members} `;
  return [
    `seed ${seed} breaks a promise: ${message}`,
    `replay it: ${size}HOLDFAST_SEED=${seed} npx vitest run --config test/vitest.config.ts test/simulation/schedule`,
    `the least it takes, of ${shrunk.world.pool.sets.length} sets and ${shrunk.faults.length} events:`,
    ...storyOf(shrunk),
  ].join('\n');
}
