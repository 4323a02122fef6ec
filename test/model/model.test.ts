import { describe, expect, it } from 'vitest';
import { complete } from './completion.ts';
import { describeFailure, type Examination, examine } from './examine.ts';
import { keptPaths } from './kept.ts';
import { apply } from './world.ts';
import { type Beginning, beginnings, worldOf } from './worlds.ts';

/** `HOLDFAST_DEPTH=2` goes two levels deeper than the ordinary check; `HOLDFAST_WORLD='two, cut'` takes the worlds of such a name. */
const { HOLDFAST_DEPTH = '0', HOLDFAST_WORLD = '' } = process.env;
const deeper = Number(HOLDFAST_DEPTH);
const completionsMax = deeper > 0 ? 2_000 : 20;

function report({ name }: Beginning, { search, completed, longestMs }: Examination, cpu: NodeJS.CpuUsage): string {
  const { states, transitions, depth } = search;
  const rest = `${completed} run to rest within ${Math.round(longestMs)} ms`;
  return `${name}: depth ${depth}, ${states} states, ${transitions} transitions, ${rest}; ${Math.round((cpu.user + cpu.system) / 1_000)} ms of CPU time`;
}

describe('every interleaving', () => {
  it.each(beginnings.filter(({ name }) => name.includes(HOLDFAST_WORLD)))(
    'keeps every promise: $name',
    { timeout: 3_600_000, retry: 0 },
    (beginning) => {
      const started = process.cpuUsage();
      const examined = examine(beginning, { depth: beginning.depth + deeper, completionsMax });
      console.log(report(beginning, examined, process.cpuUsage(started)));
      if (examined.failure !== null) expect.fail(describeFailure(beginning, examined.failure));
      expect(examined.search.states, 'states, so that nothing is left out').toBeGreaterThan(beginning.statesMin);
      expect(examined.completed).toBeGreaterThan(0);
    },
  );
});

describe('a path on which a promise was broken', () => {
  it.each(keptPaths)('is walked without: $what', ({ world: name, path }) => {
    const beginning = beginnings.find((known) => known.name === name);
    if (beginning === undefined) expect.fail(`there is no world ${name}`);
    let world = worldOf(beginning);
    for (const action of path) {
      const after = apply(world, action);
      if (after === null) expect.fail(`nothing comes of ${JSON.stringify(action)}`);
      world = after;
    }
    complete({ ...world, cuts: new Set() });
  });
});
