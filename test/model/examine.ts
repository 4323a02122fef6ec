/** One world examined: all that may happen to a depth, and from there what becomes of it when nothing more does. */
import { complete } from './completion.ts';
import { breachOf, type Failure, type Found, type Search, search } from './search.ts';
import { storyOf } from './story.ts';
import type { World } from './world.ts';
import { type Beginning, worldOf } from './worlds.ts';

export type Examination = {
  readonly search: Search;
  /** Frontier states that were run to rest, with the cut that stood and without. */
  readonly completed: number;
  readonly longestMs: number;
  readonly failure: Failure | null;
};

export type ExamineOptions = {
  readonly depth: number;
  /** Spread evenly over the frontier. */
  readonly completionsMax: number;
};

export function examine(beginning: Beginning, { depth, completionsMax }: ExamineOptions): Examination {
  const found = search(worldOf(beginning), { depth, cuts: beginning.cuts });
  let completed = 0;
  let longestMs = 0;
  if (found.failure !== null) return { search: found, completed, longestMs, failure: found.failure };
  const every = Math.max(1, Math.ceil(found.frontier.length / completionsMax));
  for (const [index, { world, path }] of found.frontier.entries()) {
    if (index % every > 0) continue;
    for (const each of endings(world)) {
      try {
        longestMs = Math.max(longestMs, complete(each).ms);
        completed += 1;
      } catch (error) {
        return { search: found, completed, longestMs, failure: { ...breachOf(error), path, healed: each !== world } };
      }
    }
  }
  return { search: found, completed, longestMs, failure: null };
}

/** What to read, of a failure. */
export function describeFailure(beginning: Beginning, failure: Failure): string {
  return [
    `${beginning.name}: ${failure.message}`,
    `after ${failure.path.length} actions:`,
    ...storyOf(worldOf(beginning), failure),
  ].join('\n');
}

/** A cut may stay, or heal. */
function endings(world: Found['world']): readonly World[] {
  return world.cuts.size === 0 ? [world] : [world, { ...world, cuts: new Set<string>() }];
}
