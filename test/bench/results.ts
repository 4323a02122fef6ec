/** All that one run of the benchmark found. */
import type { AssignmentCost } from './assignment-cost.ts';
import type { FalseAlarms } from './false-alarms.ts';
import type { Machine } from './machine.ts';
import type { Measure } from './measure.ts';
import type { RestCost } from './rest-cost.ts';
import type { Load, Miss } from './series.ts';
import type { StartTime } from './start-time.ts';

/** What could not be measured, and why: it cannot do that, or it did not come back from it. */
export type Gap = Miss & {
  /** Runs in which it was so. */
  readonly runs: number;
};

export type Series = Load & {
  readonly runs: number;
  readonly measures: readonly Measure[];
  readonly gaps: readonly Gap[];
};

export type Results = {
  readonly machine: Machine;
  readonly command: string;
  readonly seconds: number;
  /** The first has every scenario; the others have more addresses or hosts. */
  readonly series: readonly Series[];
  readonly rest: readonly RestCost[];
  readonly falseAlarms: readonly FalseAlarms[];
  readonly starts: readonly StartTime[];
  readonly assignments: readonly AssignmentCost[];
  /** What was to be measured and was not, a line each. */
  readonly failures: readonly string[];
};

export function gapsOf(misses: readonly Miss[]): readonly Gap[] {
  const gaps = new Map<string, Gap>();
  for (const miss of misses) {
    const key = `${miss.contender} ${miss.scenario} ${miss.why}`;
    gaps.set(key, { ...miss, runs: (gaps.get(key)?.runs ?? 0) + 1 });
  }
  return [...gaps.values()];
}
