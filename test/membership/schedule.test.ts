import { describe, expect, it } from 'vitest';
import { rough, runSchedule, settleWithinMs } from './schedule.ts';

/** How many schedules, and from which on: `HOLDFAST_SEED=<failed one> HOLDFAST_SEEDS=1` replays one. */
const { HOLDFAST_SEEDS = '300', HOLDFAST_SEED = '1' } = process.env;
const seeds = Number(HOLDFAST_SEEDS);
const firstSeed = Number(HOLDFAST_SEED);

describe('step(): random schedules', () => {
  it(`after the last fault everybody that runs is in one view, and it stays (${seeds} seeds)`, () => {
    const checked = { sameView: 0, level: 0, growing: 0, fifo: 0, together: 0 };
    for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
      const network = runSchedule(seed, rough);
      network.runFor(settleWithinMs);
      const everybody = network.runningHosts().join();
      if (everybody !== '') expect(network.views(), `HOLDFAST_SEED=${seed}`).toEqual([everybody]);
      const views = network.observer.viewsInstalled;
      network.runFor(1000);
      expect(network.observer.viewsInstalled, `HOLDFAST_SEED=${seed}: views after it settled`).toBe(views);
      for (const law of Object.keys(checked) as (keyof typeof checked)[]) checked[law] += network.observer.checked[law];
    }
    for (const [law, times] of Object.entries(checked))
      expect(times, `how often ${law} was tested`).toBeGreaterThan(seeds);
  });
});
