/** docs/benchmarks.md and the pictures beside it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { probeIntervalMs } from './addresses.ts';
import { compare, noiseOf } from './comparison.ts';
import { contenders } from './contenders.ts';
import type { Measure } from './measure.ts';
import type { Results, Series } from './results.ts';
import { type EventText, eventTexts } from './scenarios.ts';
import { spreadOf } from './statistics.ts';
import { count, milliseconds, number } from './terminal.ts';
import { lanesOf, renderTimeline } from './timeline.ts';

/** @param docs the folder docs/ */
export function writeReport(docs: string, results: Results): void {
  const pictures = join(docs, 'benchmarks');
  mkdirSync(pictures, { recursive: true });
  const [main] = results.series;
  const events = eventTexts.filter(({ name }) => main?.measures.some((each) => each.event === name));
  for (const event of events) {
    writeFileSync(
      join(pictures, `${event.name}.svg`),
      renderTimeline(event, lanesOf(contenders, main?.measures ?? [], event.name)),
    );
  }
  writeFileSync(join(docs, 'benchmarks.md'), renderReport(results));
}

export function renderReport(results: Results): string {
  const { machine } = results;
  const [main, ...others] = results.series;
  return [
    '# Side by side',
    '',
    'Written by the command below; edit nothing here. What the words mean and how it measures: [lab.md](lab.md) and the end of this page.',
    '',
    `- **Date** ${machine.date} UTC, load average at the beginning ${machine.loadAtBegin.toFixed(1)}, ${Math.round(results.seconds / 60)} minutes`,
    `- **Machine** ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}; hosts are network namespaces of it`,
    `- **Versions** ${machine.versions.join(', ')}`,
    `- **Command** \`${results.command}\``,
    '',
    ...(main === undefined ? [] : renderMain(main)),
    ...others.flatMap(renderOther),
    ...renderRest(results),
    ...method,
  ].join('\n');
}

function renderMain(series: Series): readonly string[] {
  const { measures } = series;
  const events = eventTexts.filter(({ name }) => measures.some((each) => each.event === name));
  return [
    `## ${series.hosts} hosts, ${series.addresses} addresses`,
    '',
    `Median of ${series.runs} runs, in brackets the least and the most. A probe every ${number(probeIntervalMs(series.addresses))} ms to every address.`,
    '',
    '### Where a peer is better',
    '',
    ...behind(measures),
    '',
    ...events.flatMap((event) => renderEvent(event, measures)),
    ...renderGaps(series),
  ];
}

/** A line for each event and figure: who is better, and by what. */
function behind(measures: readonly Measure[]): readonly string[] {
  const noise = `the noise of ${number(noiseOf(measures))} ms`;
  const worse = compare(measures).filter(({ verdict }) => verdict === 'behind');
  if (worse.length === 0) return [`In nothing that was measured, beyond ${noise}.`];
  const topics = [...new Set(worse.map(({ event, measure }) => `${event}/${measure}`))];
  return [
    `Beyond ${noise}, by the medians:`,
    '',
    ...topics.map((topic) => {
      const own = worse.filter(({ event, measure }) => `${event}/${measure}` === topic);
      const what = own[0]?.measure === 'silence' ? 'longest silence' : 'on two hosts';
      const told = new Map(
        own.flatMap((each) => [
          [nameOf(each.theirs), each.theirsMs.median] as const,
          [nameOf(each.ours), each.oursMs.median] as const,
        ]),
      );
      const figures = [...told].map(([name, ms]) => `${name} ${number(ms)} ms`);
      return `- ${titleOf(own[0]?.event ?? '')}, ${what}: ${figures.join(', ')}`;
    }),
  ];
}

function renderEvent(event: EventText, measures: readonly Measure[]): readonly string[] {
  const rows = rowsOf(measures.filter((each) => each.event === event.name));
  return [
    `### ${event.title[0]?.toUpperCase()}${event.title.slice(1)}`,
    '',
    event.explanation,
    '',
    `![${event.title}](benchmarks/${event.name}.svg)`,
    '',
    ...rows,
    '',
  ];
}

function rowsOf(measures: readonly Measure[]): readonly string[] {
  const heads = [
    '',
    'longest silence',
    '×',
    'probes lost',
    'last address answers after',
    'held twice',
    'held by nobody',
  ];
  const merged = measures.some(({ mergedMs }) => mergedMs !== null);
  const more = ['addresses moved', 'new TCP connections silent', 'kept one silent', 'it broke', 'announcements'];
  const own = (name: string) => measures.filter((each) => each.contender === name);
  const [first] = contenders.filter(({ name }) => own(name).length > 0);
  if (first === undefined) return [];
  const reference = spreadOf(own(first.name).map(({ silenceMs }) => silenceMs)).median;
  const body = contenders.flatMap(({ name, title }) => {
    const runs = own(name);
    if (runs.length === 0) return [];
    const ms = (pick: (each: Measure) => number): string => milliseconds(spreadOf(runs.map(pick)));
    const plain = (pick: (each: Measure) => number): string => count(spreadOf(runs.map(pick)));
    const silence = spreadOf(runs.map(({ silenceMs }) => silenceMs)).median;
    const open = runs.some(({ settled }) => !settled) ? ', and on' : '';
    const silentOn = runs.some((each) => each.silentOn) ? ', and on' : '';
    return [
      [
        title,
        `${ms((each) => each.silenceMs)}${silentOn}`,
        number(silence / reference),
        plain((each) => each.lost),
        ms((each) => each.lastAnswerMs),
        `${ms((each) => each.heldTwiceMs)}${open}`,
        ms((each) => each.heldByNobodyMs),
        plain((each) => each.moved),
        ms((each) => each.tcp.newSilenceMs),
        ms((each) => each.tcp.keptSilenceMs),
        plain((each) => each.tcp.broken),
        plain((each) => each.announcements),
        ...(merged ? [mergedIn(runs)] : []),
      ],
    ];
  });
  return table([...heads, ...more, ...(merged ? ['one owner, after the first frame heard'] : [])], body);
}

function mergedIn(runs: readonly Measure[]): string {
  const known = runs.flatMap(({ mergedMs }) => (mergedMs === null ? [] : [mergedMs]));
  if (known.length === 0) return 'never';
  return `${milliseconds(spreadOf(known))}${known.length < runs.length ? `, never in ${runs.length - known.length}` : ''}`;
}

function renderOther(series: Series): readonly string[] {
  const events = eventTexts.filter(({ name }) => series.measures.some((each) => each.event === name));
  return [
    `## ${series.hosts} hosts, ${number(series.addresses)} address${series.addresses === 1 ? '' : 'es'}`,
    '',
    `${series.runs} runs; a probe every ${number(probeIntervalMs(series.addresses))} ms to every address.`,
    '',
    ...events.flatMap(({ name, title }) => [
      `**${title[0]?.toUpperCase()}${title.slice(1)}**`,
      '',
      ...rowsOf(series.measures.filter((each) => each.event === name)),
      '',
    ]),
    ...renderGaps(series),
  ];
}

function renderGaps(series: Series): readonly string[] {
  if (series.gaps.length === 0) return [];
  return [
    '**Not measured**',
    '',
    ...series.gaps.map(
      ({ contender, scenario, why, runs }) =>
        `- ${nameOf(contender)}, ${scenario}, ${runs} of ${series.runs} runs: ${why}`,
    ),
    '',
  ];
}

/** What is told beside the scenarios. */
export function renderRest({ rest, falseAlarms, starts, assignments, failures }: Results): readonly string[] {
  const percent = (value: number): string => value.toFixed(value < 1 ? 2 : 1);
  return [
    ...(rest.length === 0
      ? []
      : [
          '## At rest, of each host',
          '',
          ...table(
            [
              '',
              'hosts',
              'addresses',
              'measured',
              'CPU, % of a core',
              'memory (PSS), MiB',
              'frames sent/s',
              'bytes sent/s',
            ],
            rest.map((each) => [
              nameOf(each.contender),
              number(each.hosts),
              number(each.addresses),
              `${each.seconds} s, ${each.settleSeconds} s after its start`,
              `${percent(each.cpuPercent.median)} (${percent(each.cpuPercent.min)}–${percent(each.cpuPercent.max)})`,
              count(each.pssMib),
              count(each.framesPerSecond),
              count(each.bytesPerSecond),
            ]),
          ),
          '',
        ]),
    ...(falseAlarms.length === 0
      ? []
      : [
          '## False alarms under full CPU load',
          '',
          'Nobody fails, but endless loops take the CPU. An address that any kernel got meanwhile is a false alarm.',
          '',
          ...table(
            ['', 'for', 'loops', 'false alarms'],
            falseAlarms.map((each) => [
              nameOf(each.contender),
              `${each.seconds} s`,
              number(each.loops),
              number(each.claims),
            ]),
          ),
          '',
        ]),
    ...(starts.length === 0
      ? []
      : [
          '## Start of a command',
          '',
          ...table(
            ['', 'time'],
            starts.map(({ command, ms }) => [`\`${command}\``, milliseconds(ms)]),
          ),
          '',
        ]),
    ...(assignments.length === 0
      ? []
      : [
          '## One decision in the largest group',
          '',
          'Who owns which of 4,096 sets on 64 hosts, computed once by the host that leads.',
          '',
          ...table(
            ['', 'time', 'CPU'],
            assignments.map(({ what, ms, cpuMs }) => [what, milliseconds(ms), milliseconds(cpuMs)]),
          ),
          '',
        ]),
    ...(failures.length === 0 ? [] : ['## Not measured', '', ...failures.map((failure) => `- ${failure}`), '']),
  ];
}

const method = [
  '## How it is measured',
  '',
  '- The hosts, the switch and the client are network namespaces ([lab.md](lab.md)); contenders take turns, A B C, A B C, each time in a new lab.',
  '- **Silence**: how long a probe of the client waited in vain, the longest of any address. **Lost**: not answered within a second.',
  '- **New TCP connections**: one every 20 ms to one address that the event is about, until it has sent back a byte. **Kept one**: a request every 10 ms on',
  '  one connection; another host knows nothing of it, so wherever the address moves it breaks, and the silence lasts until a new one answers.',
  '- **Held twice, by nobody**: from netlink on every host, of the address that had most of it; hosts that nobody reaches do not count. *and on*: still so when we',
  '  stopped looking. Nobody asks the agents.',
  '- Two holders for ever are watched for 4 to 5 s: nothing that ends takes longer. A silence that is left when each address has one holder is watched for',
  '  8 s more; a client that still asks the wrong host then has to ask anew, so that the next event finds all well.',
  '- *Last address answers after*: of addresses that lost probes.',
  '- **Announcements**: gratuitous ARP frames to all, on the wire, from the event until 0.8 s after all was settled.',
  '- **Cut healed**, **heartbeats pass again**: counted from the moment the frames pass, not from the first one that is heard, which may be an interval later. *One owner,',
  '  after the first frame heard* counts from that: a frame of the failover protocol that the switch passed on from one side to the other, until every address has one holder.',
  '- **Nothing happens** is the noise of the prober and of the machine: smaller differences mean nothing.',
  '- In the pictures: the upper bar says which host answered the client (from the wire), the lower one which kernels had the address (from netlink).',
  '- keepalived is set up as its users do it active-active: one VRRP instance a host, each host the first choice of one, the addresses dealt out, `nopreempt`; nothing else',
  '  differs from its defaults. *Killed* and *hangs* hit parent and child. *Moved by hand* is a higher priority and a reload. ucarp: a process an address. Of Holdfast, *killed* and *hangs* hit the agent;',
  '  what it has beside it to survive that is part of what is measured.',
  '',
];

function titleOf(event: string): string {
  return eventTexts.find(({ name }) => name === event)?.title ?? event;
}

function nameOf(contender: string): string {
  return contenders.find(({ name }) => name === contender)?.title ?? contender;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)];
}
