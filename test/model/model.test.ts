import { describe, expect, it } from 'vitest';
import { describeFailure, type Examination, examine } from './examine.ts';
import { type Beginning, beginnings } from './worlds.ts';

/** `HOLDFAST_DEPTH=2` goes two levels deeper than the ordinary check; `HOLDFAST_WORLD='two, cut'` takes the worlds of such a name. */
const { HOLDFAST_DEPTH = '0', HOLDFAST_WORLD = '' } = process.env;
const deeper = Number(HOLDFAST_DEPTH);
const completionsMax = deeper > 0 ? 2_000 : 30;

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
