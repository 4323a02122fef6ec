/** What the command was asked for. */
import { parseArgs } from 'node:util';
import { addressesMax } from './addresses.ts';
import { contenders } from './contenders.ts';
import { scenarios } from './scenarios.ts';

export type Options = {
  readonly mode: 'quick' | 'full';
  readonly runs: number;
  /** Names of scenarios to play; empty: those of the mode. */
  readonly only: readonly string[];
  /** Names of contenders to play them with; empty: those of the mode. */
  readonly contenders: readonly string[];
  /** Of the whole plan only the steps whose keys begin with one of these; empty: all. */
  readonly steps: readonly string[];
  /** Only says what would be done. */
  readonly plan: boolean;
  /** Instead of the usual six. */
  readonly addresses: number | null;
  readonly install: boolean;
  /** Whether what was measured becomes what the next runs are compared with. */
  readonly writeBaseline: boolean;
  /** Goes on with the run that was interrupted last. */
  readonly resume: boolean;
  /** After so long no step is begun any more. */
  readonly minutesMax: number;
  readonly help: boolean;
  /** Only the trace of one failover. */
  readonly trace: boolean;
};

export const usage = `npm run bench -- [options]
  --quick            three contenders, three scenarios, two runs: under 3 minutes; writes no report
  --runs N           runs of each contender (default 5, with --quick 2)
  --scenario NAME    only this one; may be given again: ${scenarios.map(({ name }) => name).join(', ')}
  --contender NAME   only this one; may be given again: ${contenders.map(({ name }) => name).join(', ')}
  --plan             says what would be done, step by step, and how long it takes; does nothing
  --step KEY         of that only the steps whose keys begin so; may be given again; writes no report
  --addresses N      with so many, one a set, instead of six
  --install          installs what is missing with apt-get, as root
  --write-baseline   what was measured becomes what later runs are compared with
  --continue         goes on with the run that was interrupted
  --minutes N        begins nothing after so long, and reports what there is (default 60)
  --trace            one failover, step by step, into docs/failover-trace.md; with --addresses N into failover-trace-N.md; nothing else`;

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      runs: { type: 'string' },
      addresses: { type: 'string' },
      contender: { type: 'string', multiple: true, default: [] },
      scenario: { type: 'string', multiple: true, default: [] },
      step: { type: 'string', multiple: true, default: [] },
      plan: { type: 'boolean', default: false },
      'write-baseline': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      continue: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '60' },
      trace: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`Cannot make ${values.runs} runs; give a number from 1 up`);
  const addresses = values.addresses === undefined ? null : Number(values.addresses);
  if (addresses !== null && !(Number.isInteger(addresses) && addresses >= 1 && addresses <= addressesMax)) {
    throw new Error(`Cannot take ${values.addresses} addresses; give a number from 1 to ${addressesMax}`);
  }
  const unknown = values.scenario.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown.length > 0) throw new Error(`No scenario is called ${unknown.join(', ')}`);
  const strangers = values.contender.filter((name) => !contenders.some((each) => each.name === name));
  if (strangers.length > 0) throw new Error(`No contender is called ${strangers.join(', ')}`);
  const minutesMax = Number(values.minutes);
  if (!(minutesMax > 0)) throw new Error(`Cannot take ${values.minutes} minutes; give a number above 0`);
  return {
    mode: values.quick ? 'quick' : 'full',
    runs,
    only: values.scenario,
    contenders: values.contender,
    steps: values.step,
    plan: values.plan,
    addresses,
    install: values.install,
    writeBaseline: values['write-baseline'],
    resume: values.continue,
    minutesMax,
    help: values.help,
    trace: values.trace,
  };
}

/** Some scenarios or contenders, or another load: no report comes of it. */
export function isPart({ only, contenders: names, addresses, steps }: Options): boolean {
  return only.length > 0 || names.length > 0 || addresses !== null || steps.length > 0;
}
