/** Plays scenarios with contenders in turn, A B C, A B C, so that what drifts on the machine hits all alike. */
import type { Contender } from './contender.ts';
import type { Measure } from './measure.ts';
import type { Scenario } from './scenarios.ts';
import { onStage, type StageOptions } from './stage.ts';

export type SeriesOptions = {
  readonly contenders: readonly Contender[];
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  readonly hosts: number;
  readonly addresses: number;
};

/** What could not be measured, and why: it cannot do that, or it did not come back from it. */
export type Gap = {
  readonly contender: string;
  readonly scenario: string;
  readonly why: string;
  /** Runs in which it was so. */
  readonly runs: number;
};

export type SeriesResult = { readonly measures: readonly Measure[]; readonly gaps: readonly Gap[] };

type Miss = { readonly contender: string; readonly scenario: string; readonly why: string };

/** @param say a line on what is being done */
export async function playSeries(options: SeriesOptions, say: (line: string) => void): Promise<SeriesResult> {
  const measures: Measure[] = [];
  const misses: Miss[] = [];
  const { hosts, addresses, runs } = options;
  for (let run = 1; run <= runs; run++) {
    for (const contender of options.contenders) {
      if (contender.addressesMax < addresses || contender.hostsMax < hosts) continue;
      say(`run ${run} of ${runs}: ${contender.title}; ${hosts} hosts, ${addresses} addresses`);
      const told = await playAll({ contender, hosts, addresses, run }, options.scenarios);
      for (const { scenario, why } of told.misses) say(`  not measured, ${scenario}: ${why}`);
      measures.push(...told.measures);
      misses.push(...told.misses);
    }
  }
  return { measures, gaps: gapsOf(misses) };
}

/** A scenario that fails ends the stage; the ones after it get a new one. */
async function playAll(
  options: StageOptions,
  scenarios: readonly Scenario[],
): Promise<{ readonly measures: readonly Measure[]; readonly misses: readonly Miss[] }> {
  const measures: Measure[] = [];
  const misses: Miss[] = [];
  const contender = options.contender.name;
  let left = scenarios;
  while (left.length > 0) {
    let playing = left[0]?.name ?? '';
    try {
      await onStage(options, async (stage) => {
        try {
          for (const scenario of left) {
            playing = scenario.name;
            const why = scenario.hindrance(stage);
            if (why === null) await scenario.play(stage);
            else misses.push({ contender, scenario: playing, why });
          }
        } finally {
          measures.push(...(await stage.reports()));
        }
      });
      left = [];
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      misses.push({ contender, scenario: playing, why: error.message });
      left = left.slice(left.findIndex(({ name }) => name === playing) + 1);
    }
  }
  return { measures, misses };
}

function gapsOf(misses: readonly Miss[]): readonly Gap[] {
  const gaps = new Map<string, Gap>();
  for (const miss of misses) {
    const key = `${miss.contender} ${miss.scenario} ${miss.why}`;
    gaps.set(key, { ...miss, runs: (gaps.get(key)?.runs ?? 0) + 1 });
  }
  return [...gaps.values()];
}
