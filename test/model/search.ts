/** Breadth first through all that may happen, so that what is found first took the fewest steps. */
import { AssertionError } from 'node:assert';
import { Breach } from '../simulation/breach.ts';
import type { Action } from './action.ts';
import { actionsIn } from './actions.ts';
import { keyOf } from './key.ts';
import { checkState } from './promises.ts';
import { apply, type World } from './world.ts';

export type Search = {
  readonly states: number;
  readonly transitions: number;
  /** Every path of so many actions was walked. */
  readonly depth: number;
  /** Where the search ended: what is `depth` actions away. */
  readonly frontier: readonly Found[];
  readonly failure: Failure | null;
};

export type Found = { readonly world: World; readonly path: readonly Action[] };

export type Failure = {
  readonly promise: string;
  readonly message: string;
  readonly path: readonly Action[];
  /** It came after the path, once nothing more befell them: with the cut healed that stood, or else as it was. */
  readonly healed?: boolean;
};

export type SearchOptions = {
  readonly depth: number;
  /** The directions that one cut may close. */
  readonly cuts: readonly (readonly string[])[];
};

type Step = { readonly action: Action; readonly before: Step | null };
type Reached = { readonly world: World; readonly step: Step | null };

export function search(from: World, { depth, cuts }: SearchOptions): Search {
  const known = new Set([keyOf(from)]);
  let level: Reached[] = [{ world: from, step: null }];
  let transitions = 0;
  let walked = 0;
  const result = (failure: Failure | null): Search => ({
    states: known.size,
    transitions,
    depth: walked,
    frontier: level.map(({ world, step }) => ({ world, path: pathTo(step) })),
    failure,
  });
  while (walked < depth && level.length > 0) {
    const next: Reached[] = [];
    for (const { world, step: before } of level) {
      for (const action of actionsIn(world, cuts)) {
        const step: Step = { action, before };
        try {
          const after = apply(world, action);
          if (after === null) continue;
          transitions += 1;
          const key = keyOf(after);
          if (known.has(key)) continue;
          known.add(key);
          checkState(after);
          next.push({ world: after, step });
        } catch (error) {
          const breach = breachOf(error);
          return result({ promise: breach.promise, message: breach.message, path: pathTo(step) });
        }
      }
    }
    walked += 1;
    level = next;
  }
  return result(null);
}

/** An assertion of the step functions themselves is a promise as well. @throws what is neither */
export function breachOf(error: unknown): { readonly promise: string; readonly message: string } {
  if (error instanceof Breach) return { promise: error.promise, message: error.message };
  if (error instanceof AssertionError) return { promise: 'assertions', message: error.message };
  throw error;
}

function pathTo(last: Step | null): readonly Action[] {
  const path: Action[] = [];
  for (let step = last; step !== null; step = step.before) path.push(step.action);
  return path.reverse();
}
