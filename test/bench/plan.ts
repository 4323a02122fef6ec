/** What a run of the benchmark does, step by step, and how long that takes on a machine that is not busy. */

import { measureAssignments } from './assignment-cost.ts';
import type { Contender } from './contender.ts';
import { contenders, loadContenders, quickContenders } from './contenders.ts';
import { measureFalseAlarms } from './false-alarms.ts';
import { raiseNeighbourTable } from './neighbour-table.ts';
import { isPart, type Options } from './options.ts';
import type { Found } from './parts.ts';
import { measureRest, type RestOptions, settleSeconds, warmSeconds } from './rest-cost.ts';
import { scenarios } from './scenarios.ts';
import { type Load, playAll } from './series.ts';
import { measureStarts } from './start-time.ts';

export type Step = {
  /** Of a run that is continued: the same step has the same. */
  readonly key: string;
  readonly title: string;
  /** About. */
  readonly seconds: number;
  readonly take: () => Promise<Found>;
};

const quickScenarios = ['noise', 'power-loss', 'stop', 'kill'];
/** What is asked of other loads. */
const loadScenarios = ['power-loss', 'stop'];
const usual: Load = { hosts: 3, addresses: 6 };
const otherLoads: readonly Load[] = [
  { hosts: 3, addresses: 1 },
  { hosts: 3, addresses: 60 },
  { hosts: 8, addresses: 60 },
  { hosts: 3, addresses: 1000 },
];
const loadRunsMax = 2;
/** After so many runs comes all the rest once; the others are what there may be no time for. */
const firstRuns = 3;
const memberCounts = [8, 16, 32] as const;
/** Of the usual load and of larger groups. */
const restSeconds = { usual: 15, large: 8 } as const;
const alarmSeconds = 15;

export function planOf(options: Options): readonly Step[] {
  if (options.steps.length === 0) return wholePlanOf(options);
  const whole = wholePlanOf({ ...options, only: [], contenders: [], addresses: null });
  return whole.filter(({ key }) => options.steps.some((begin) => key.startsWith(begin)));
}

function wholePlanOf(options: Options): readonly Step[] {
  const load = options.addresses === null ? usual : { ...usual, addresses: options.addresses };
  const compared = comparedIn(options);
  const runs = Array.from({ length: options.runs }, (_, index) => index + 1);
  const main = (some: readonly number[]): readonly Step[] => playing(load, compared, namesOf(options), some);
  if (options.mode === 'quick' || isPart({ ...options, steps: [] })) return main(runs);
  const loads = (run: number): readonly Step[] =>
    otherLoads.flatMap((each) => playing(each, loadContenders, loadScenarios, [run]));
  const [firstLoads = [], ...moreLoads] = runs.slice(0, loadRunsMax).map(loads);
  const once = [...commands(), ...costs(), ...alarms(), ...firstLoads];
  return [...main(runs.slice(0, firstRuns)), ...once, ...main(runs.slice(firstRuns)), ...moreLoads.flat()];
}

function comparedIn({ mode, contenders: names }: Options): readonly Contender[] {
  if (names.length > 0) return contenders.filter(({ name }) => names.includes(name));
  return mode === 'quick' ? quickContenders : contenders;
}

function namesOf(options: Options): readonly string[] {
  if (options.only.length > 0) return options.only;
  return options.mode === 'quick' ? quickScenarios : scenarios.map(({ name }) => name);
}

/** In turn, A B C, A B C, so that what drifts on the machine hits all alike. */
function playing(
  load: Load,
  compared: readonly Contender[],
  names: readonly string[],
  runs: readonly number[],
): readonly Step[] {
  const played = scenarios.filter(({ name }) => names.includes(name));
  const able = compared.filter(
    ({ addressesMax, hostsMax }) => addressesMax >= load.addresses && hostsMax >= load.hosts,
  );
  return runs.flatMap((run) =>
    able.map(
      (contender): Step => ({
        key: `play ${load.hosts} ${load.addresses} ${names.join(',')} ${contender.name} ${run}`,
        title: `run ${run}: ${contender.title}; ${load.hosts} hosts, ${load.addresses} addresses`,
        seconds:
          stageSeconds(contender, load) + played.reduce((sum, { seconds }) => sum + seconds[contender.family], 0),
        async take() {
          const putBack = load.addresses >= neighboursMin ? raiseNeighbourTable() : () => {};
          try {
            return { kind: 'played', load, ...(await playAll({ contender, ...load, run }, played)) };
          } finally {
            putBack();
          }
        },
      }),
    ),
  );
}

/** The kernel's own bound is 1,024 neighbours, over all namespaces. */
const neighboursMin = 60;

/** Until all is held and the client sees it, and to take it down. */
function stageSeconds({ family }: Contender, { hosts, addresses }: Load): number {
  return { holdfast: 4, keepalived: 6, ucarp: 9 }[family] + hosts / 4 + addresses / 50;
}

function commands(): readonly Step[] {
  return [
    {
      ...{ key: 'starts', title: 'start of a command', seconds: 4 },
      take: async () => ({ kind: 'starts', starts: await measureStarts(10) }),
    },
    {
      ...{ key: 'assignments', title: 'assignment of 4,096 sets to 64 members', seconds: 3 },
      take: async () => ({ kind: 'assignments', costs: measureAssignments(10) }),
    },
  ];
}

function costs(): readonly Step[] {
  const step = (contender: Contender, hosts: number): Step => {
    const isUsual = hosts === usual.hosts;
    const options: RestOptions = {
      ...{ hosts, addresses: usual.addresses },
      settleSeconds: isUsual && contender.family === 'holdfast' ? warmSeconds : settleSeconds,
      seconds: isUsual ? restSeconds.usual : restSeconds.large,
    };
    return {
      key: `rest ${contender.name} ${hosts}`,
      title: `at rest: ${contender.title}, ${hosts} hosts`,
      seconds: stageSeconds(contender, options) + options.settleSeconds + options.seconds,
      take: async () => ({ kind: 'rest', cost: await measureRest(contender, options) }),
    };
  };
  return [
    ...contenders.map((contender) => step(contender, usual.hosts)),
    ...memberCounts.flatMap((hosts) => loadContenders.map((contender) => step(contender, hosts))),
  ];
}

function alarms(): readonly Step[] {
  return contenders.map((contender) => ({
    key: `alarms ${contender.name}`,
    title: `under full CPU load: ${contender.title}`,
    seconds: stageSeconds(contender, usual) + 3 + alarmSeconds,
    take: async () => ({
      kind: 'alarms',
      alarms: await measureFalseAlarms(contender, usual.addresses, alarmSeconds),
    }),
  }));
}
