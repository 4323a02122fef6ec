/** Takes the steps of a plan one after the other. What fails is told, and the rest goes on; what is known is kept after each. */
import { monotonicMs } from '../../agent/lab/clock.ts';
import { within } from '../../agent/lab/deadline.ts';
import { describeMachine } from './machine.ts';
import type { Options } from './options.ts';
import { type Part, type Parts, resultsOf } from './parts.ts';
import { planOf } from './plan.ts';
import type { Results } from './results.ts';

export type Keeping = {
  /** Of a run that was interrupted; null: from the beginning. */
  readonly before: Parts | null;
  /** Called whenever a step is done. */
  keep(parts: Parts): void;
};

/** @param say a line on what is being done */
export async function measureEverything(
  options: Options,
  say: (line: string) => void,
  { before, keep }: Keeping,
): Promise<Results> {
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
  let known: Parts = before ?? { machine: await describeMachine(), command, parts: [], failures: [] };
  const done = new Set(known.parts.map(({ key }) => key));
  const steps = planOf(options).filter(({ key }) => !done.has(key));
  let leftSeconds = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  say(`${steps.length} steps, about ${minutes(leftSeconds)}${done.size === 0 ? '' : `; ${done.size} are done`}`);
  const beganMs = monotonicMs();
  for (const { key, title, seconds, take } of steps) {
    if ((monotonicMs() - beganMs) / 60_000 > options.minutesMax) {
      known = { ...known, failures: [...known.failures, `${title}: there was no time left for it`] };
      continue;
    }
    say(`${title} (${minutes(leftSeconds)} to go)`);
    const stepMs = monotonicMs();
    const part: Part = await within(lateMs(seconds), 'it to end', take()).then(
      (found) => ({ key, found, seconds: (monotonicMs() - stepMs) / 1000 }),
      (error: Error) => {
        known = { ...known, failures: [...known.failures, `${title}: ${error.message}`] };
        return { key, found: null, seconds: (monotonicMs() - stepMs) / 1000 };
      },
    );
    if (part.found === null) say(`  failed: ${known.failures.at(-1)}`);
    if (part.found?.kind === 'played') {
      for (const { scenario, why } of part.found.misses) say(`  not measured, ${scenario}: ${why}`);
    }
    say(`  took ${part.seconds.toFixed(0)} s of about ${seconds.toFixed(0)}`);
    leftSeconds -= seconds;
    known = { ...known, parts: [...known.parts, part] };
    keep(known);
  }
  return resultsOf(known);
}

/** What takes so long hangs; everything in it that is waited for has a shorter deadline of its own. */
function lateMs(seconds: number): number {
  return 300_000 + 4_000 * seconds;
}

/** A line a step, and the sum. */
export function describePlan(options: Options): readonly string[] {
  const steps = planOf(options);
  const whole = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    ...steps.map(({ key, seconds }) => `${seconds.toFixed(0).padStart(5)} s  ${key}`),
    `${steps.length} steps, about ${minutes(whole)}`,
  ];
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
