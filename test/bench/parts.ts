/** What a run of the benchmark has found so far, part by part, on the disk: one that was interrupted can be continued, and reported. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AssignmentCost } from './assignment-cost.ts';
import type { FalseAlarms } from './false-alarms.ts';
import type { Machine } from './machine.ts';
import type { Measure } from './measure.ts';
import type { RestCost } from './rest-cost.ts';
import { gapsOf, type Results, type Series } from './results.ts';
import type { Load, Miss } from './series.ts';
import type { StartTime } from './start-time.ts';

export type Found =
  | {
      readonly kind: 'played';
      readonly load: Load;
      readonly measures: readonly Measure[];
      readonly misses: readonly Miss[];
    }
  | { readonly kind: 'rest'; readonly cost: RestCost }
  | { readonly kind: 'alarms'; readonly alarms: FalseAlarms }
  | { readonly kind: 'starts'; readonly starts: readonly StartTime[] }
  | { readonly kind: 'assignments'; readonly costs: readonly AssignmentCost[] };

/** A step of the plan that is done; null: it failed, and `failures` says how. */
export type Part = { readonly key: string; readonly seconds: number; readonly found: Found | null };

export type Parts = {
  readonly machine: Machine;
  readonly command: string;
  readonly parts: readonly Part[];
  /** What was to be measured and was not, a line each. */
  readonly failures: readonly string[];
};

export function savedParts(file: string): Parts | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Parts) : null; // written by saveParts()
}

export function saveParts(file: string, parts: Parts): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(parts));
  renameSync(`${file}.new`, file);
}

export function resultsOf({ machine, command, parts, failures }: Parts): Results {
  const founds = parts.flatMap(({ found }) => (found === null ? [] : [found]));
  const pick = <Kind extends Found['kind']>(kind: Kind) =>
    founds.filter((found): found is Extract<Found, { kind: Kind }> => found.kind === kind);
  return {
    ...{ machine, command, failures, series: seriesOf(pick('played')) },
    seconds: parts.reduce((sum, part) => sum + part.seconds, 0),
    rest: pick('rest').map(({ cost }) => cost),
    falseAlarms: pick('alarms').map(({ alarms }) => alarms),
    starts: pick('starts').flatMap(({ starts }) => starts),
    assignments: pick('assignments').flatMap(({ costs }) => costs),
  };
}

/** In the order in which their first parts were played. */
function seriesOf(played: readonly Extract<Found, { kind: 'played' }>[]): readonly Series[] {
  const keys = new Map(played.map(({ load }) => [`${load.hosts} ${load.addresses}`, load]));
  return [...keys.values()].map((load) => {
    const own = played.filter((each) => each.load.hosts === load.hosts && each.load.addresses === load.addresses);
    const measures = own.flatMap((each) => each.measures);
    const runs = Math.max(1, ...measures.map(({ run }) => run));
    return { ...load, runs, measures, gaps: gapsOf(own.flatMap(({ misses }) => misses)) };
  });
}
