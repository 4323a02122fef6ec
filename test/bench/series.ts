/** Plays scenarios with one contender, once. What fails is told, and the others are played all the same. */
import type { Measure } from './measure.ts';
import type { Scenario } from './scenarios.ts';
import { onStage, StageError, type StageOptions } from './stage.ts';

export type Load = { readonly hosts: number; readonly addresses: number };

/** What could not be measured, and why: it cannot do that, or it did not come back from it. */
export type Miss = { readonly contender: string; readonly scenario: string; readonly why: string };

export type Played = { readonly measures: readonly Measure[]; readonly misses: readonly Miss[] };

/** How often a stage that does not come up is tried. */
const triesMax = 2;

/** A scenario that fails ends the stage; the ones after it get a new one. */
export async function playAll(options: StageOptions, scenarios: readonly Scenario[]): Promise<Played> {
  const measures: Measure[] = [];
  const misses: Miss[] = [];
  const contender = options.contender.name;
  let left = scenarios;
  let unready = 0;
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
      const ended = error instanceof StageError ? error.kind : null;
      if (ended === 'unready') unready += 1;
      if (ended === 'unready' && unready < triesMax) continue;
      const lost = ended === null ? [playing] : left.map(({ name }) => name);
      misses.push(...lost.map((scenario) => ({ contender, scenario, why: error.message })));
      left = ended === null ? left.slice(left.findIndex(({ name }) => name === playing) + 1) : [];
    }
  }
  return { measures, misses };
}
