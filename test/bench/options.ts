/** What the command was asked for. */
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.ts';

export type Options = {
  readonly mode: 'quick' | 'full';
  readonly runs: number;
  /** Names of scenarios to play; empty: those of the mode. */
  readonly only: readonly string[];
  readonly install: boolean;
  /** Whether what was measured becomes what the next runs are compared with. */
  readonly writeBaseline: boolean;
  /** Only the trace of one failover. */
  readonly trace: boolean;
};

export const usage = `npm run bench -- [options]
  --quick            three contenders, three scenarios, two runs: under 3 minutes; writes no report
  --runs N           runs of each contender (default 5, with --quick 2)
  --scenario NAME    only this one; may be given again: ${scenarios.map(({ name }) => name).join(', ')}
  --install          installs what is missing with apt-get, as root
  --write-baseline   what was measured becomes what later runs are compared with
  --trace            one failover, step by step, into docs/failover-trace.md; nothing else`;

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      runs: { type: 'string' },
      scenario: { type: 'string', multiple: true, default: [] },
      'write-baseline': { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`Cannot make ${values.runs} runs; give a number from 1 up`);
  const unknown = values.scenario.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown.length > 0) throw new Error(`No scenario is called ${unknown.join(', ')}`);
  return {
    mode: values.quick ? 'quick' : 'full',
    runs,
    only: values.scenario,
    install: values.install,
    writeBaseline: values['write-baseline'],
    trace: values.trace,
  };
}
