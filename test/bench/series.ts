/** Plays scenarios with contenders in turn, A B C, A B C, so that what drifts on the machine hits all alike. */
import type { Contender } from './contender.ts';
import type { Measure } from './measure.ts';
import type { Scenario } from './scenarios.ts';
import { onStage } from './stage.ts';

export type SeriesOptions = {
  readonly contenders: readonly Contender[];
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  readonly hosts: number;
  readonly addresses: number;
};

/** What a contender cannot be measured in, and why. */
export type Gap = { readonly contender: string; readonly scenario: string; readonly why: string };

export type SeriesResult = { readonly measures: readonly Measure[]; readonly gaps: readonly Gap[] };

/** @param say a line on what is being done */
export async function playSeries(options: SeriesOptions, say: (line: string) => void): Promise<SeriesResult> {
  const measures: Measure[] = [];
  const gaps = new Map<string, Gap>();
  const { hosts, addresses, runs } = options;
  for (let run = 1; run <= runs; run++) {
    for (const contender of options.contenders) {
      say(`run ${run} of ${runs}: ${contender.title}; ${hosts} hosts, ${addresses} addresses`);
      const told = await onStage({ contender, hosts, addresses, run }, async (stage) => {
        for (const scenario of options.scenarios) {
          const why = scenario.hindrance(stage);
          if (why === null) await scenario.play(stage);
          else
            gaps.set(`${contender.name} ${scenario.name}`, { contender: contender.name, scenario: scenario.name, why });
        }
      });
      measures.push(...told);
    }
  }
  return { measures, gaps: [...gaps.values()] };
}
