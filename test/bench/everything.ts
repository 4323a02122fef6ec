/** What is measured in which mode. */
import { monotonicMs } from '../../agent/lab/clock.ts';
import { probeIntervalMs } from './addresses.ts';
import type { Contender } from './contender.ts';
import { contenders, quickContenders } from './contenders.ts';
import { type FalseAlarms, measureFalseAlarms } from './false-alarms.ts';
import { describeMachine } from './machine.ts';
import { raiseNeighbourTable } from './neighbour-table.ts';
import type { Options } from './options.ts';
import { measureRest, type RestCost } from './rest-cost.ts';
import type { Results, Series } from './results.ts';
import { scenarios } from './scenarios.ts';
import { playSeries } from './series.ts';
import { measureStarts, type StartTime } from './start-time.ts';

const quickScenarios = ['noise', 'power-loss', 'stop', 'kill'];
/** What is asked of larger loads. */
const loadScenarios = ['power-loss', 'stop'];
const usual = { hosts: 3, addresses: 6 } as const;
const otherLoads = [
  { hosts: 3, addresses: 1 },
  { hosts: 3, addresses: 60 },
  { hosts: 8, addresses: 60 },
  { hosts: 3, addresses: 1000 },
] as const;
const memberCounts = [8, 16, 32] as const;

type Say = (line: string) => void;

/** @param onPart called with what is known so far whenever a part of it is done: a run takes long and may be ended */
export async function measureEverything(
  options: Options,
  say: Say,
  onPart: (results: Results) => void,
): Promise<Results> {
  const beganMs = monotonicMs();
  const machine = await describeMachine();
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
  let results: Results = { machine, command, series: [], rest: [], falseAlarms: [], starts: [], seconds: 0 };
  const add = (part: Partial<Results>): void => {
    results = { ...results, ...part, seconds: (monotonicMs() - beganMs) / 1000 };
    onPart(results);
  };
  const compared = options.mode === 'quick' ? quickContenders : contenders;
  add({ series: [await seriesOf(options, compared, namesOf(options), usual, say)] });
  if (options.mode === 'quick' || options.only.length > 0) return results;
  add({ starts: await measureCommands(say) });
  add({ rest: await measureCosts(say) });
  add({ falseAlarms: await measureAlarms(say) });
  const putBack = raiseNeighbourTable();
  try {
    for (const load of otherLoads) {
      const series = await seriesOf(options, contenders, loadScenarios, load, say);
      add({ series: [...results.series, series] });
    }
  } finally {
    putBack();
  }
  return results;
}

function namesOf(options: Options): readonly string[] {
  if (options.only.length > 0) return options.only;
  return options.mode === 'quick' ? quickScenarios : scenarios.map(({ name }) => name);
}

async function seriesOf(
  options: Options,
  compared: readonly Contender[],
  names: readonly string[],
  load: { readonly hosts: number; readonly addresses: number },
  say: Say,
): Promise<Series> {
  const played = scenarios.filter(({ name }) => names.includes(name));
  const { measures, gaps } = await playSeries(
    { contenders: compared, scenarios: played, runs: options.runs, ...load },
    say,
  );
  return { ...load, probeIntervalMs: probeIntervalMs(load.addresses), runs: options.runs, measures, gaps };
}

async function measureCosts(say: Say): Promise<readonly RestCost[]> {
  const costs: RestCost[] = [];
  const take = async (contender: Contender, hosts: number): Promise<void> => {
    say(`at rest: ${contender.title}, ${hosts} hosts`);
    const cost = await orSay(say, () => measureRest(contender, { hosts, addresses: usual.addresses, seconds: 10 }));
    if (cost !== null) costs.push(cost);
  };
  for (const contender of contenders) await take(contender, usual.hosts);
  for (const hosts of memberCounts) {
    for (const contender of quickContenders) if (contender.hostsMax >= hosts) await take(contender, hosts);
  }
  return costs;
}

async function measureAlarms(say: Say): Promise<readonly FalseAlarms[]> {
  const alarms: FalseAlarms[] = [];
  for (const contender of contenders) {
    say(`under full CPU load: ${contender.title}`);
    const found = await orSay(say, () => measureFalseAlarms(contender, usual.addresses, 30));
    if (found !== null) alarms.push(found);
  }
  return alarms;
}

async function measureCommands(say: Say): Promise<readonly StartTime[]> {
  say('start of a command');
  return measureStarts(10);
}

/** A contender that fails in one thing must not take from the report what is known of all others. */
async function orSay<T>(say: Say, measure: () => Promise<T>): Promise<T | null> {
  try {
    return await measure();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    say(`  not measured: ${error.message}`);
    return null;
  }
}
