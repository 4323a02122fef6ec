/** All that one run of the benchmark found. */
import type { FalseAlarms } from './false-alarms.ts';
import type { Machine } from './machine.ts';
import type { Measure } from './measure.ts';
import type { RestCost } from './rest-cost.ts';
import type { Gap } from './series.ts';
import type { StartTime } from './start-time.ts';

export type Series = {
  readonly hosts: number;
  readonly addresses: number;
  readonly probeIntervalMs: number;
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
};
