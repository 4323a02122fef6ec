/** What was measured before, kept in the repository: where a change made something worse, the benchmark fails and says what. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Comparison, compare } from './comparison.ts';
import type { Measure } from './measure.ts';
import { spreadOf } from './statistics.ts';

export type Baseline = {
  /** `contender event`: no probe was lost in any run. */
  readonly lossless: readonly string[];
  /** `event measure ours theirs`: we were ahead beyond noise. */
  readonly ahead: readonly string[];
};

export function baselineOf(measures: readonly Measure[]): Baseline {
  const groups = groupsOf(measures);
  return {
    lossless: [...groups].filter(([, own]) => own.every(({ lost }) => lost === 0)).map(([key]) => key),
    ahead: compare(measures)
      .filter(({ verdict }) => verdict === 'ahead')
      .map(keyOf),
  };
}

/** What is worse than it was; empty: nothing. What was not measured now is not judged. */
export function worsened(baseline: Baseline, measures: readonly Measure[]): readonly string[] {
  const groups = groupsOf(measures);
  const losses = baseline.lossless.flatMap((key) => {
    const lost = groups.get(key)?.map((each) => each.lost) ?? [0];
    const { median } = spreadOf(lost);
    return median > 0 ? [`${key}: lost no probe before, ${lost.join(' and ')} now`] : [];
  });
  const turned = compare(measures)
    .filter((each) => each.verdict === 'behind' && baseline.ahead.includes(keyOf(each)))
    .map((each) => {
      const figures = `${each.oursMs.median.toFixed(0)} ms against ${each.theirsMs.median.toFixed(0)} ms`;
      return `${each.event}, ${each.measure}: ${each.ours} was ahead of ${each.theirs} and is behind now, ${figures}`;
    });
  return [...losses, ...turned];
}

export function readBaseline(file: string): Baseline {
  return JSON.parse(readFileSync(file, 'utf8')) as Baseline; // written by writeBaseline()
}

export function writeBaseline(file: string, baseline: Baseline): void {
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
}

/** Ours only: what a peer loses is not ours to judge. */
function groupsOf(measures: readonly Measure[]): ReadonlyMap<string, readonly Measure[]> {
  const groups = new Map<string, Measure[]>();
  for (const each of measures.filter(({ contender }) => contender.startsWith('holdfast'))) {
    const key = `${each.contender} ${each.event}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}

function keyOf(each: Comparison): string {
  return `${each.event} ${each.measure} ${each.ours} ${each.theirs}`;
}
