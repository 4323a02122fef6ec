/**
 * One failover, step by step: from the last heartbeat of a host whose power goes to the first answer of the next owner. All
 * instants are the kernel's, on one clock: frames stamped as they come in at the switch, addresses by netlink. Agents are not asked.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { announcedBy, echoedBy, type Frame } from '../../agent/lab/frames.ts';
import { createLab, type LabHost } from '../../agent/lab/lab.ts';
import { startProbing } from '../../agent/lab/probe-client.ts';
import { bare, routeToAddresses, virtualAddresses } from './addresses.ts';
import type { Contender } from './contender.ts';
import { holdfast } from './holdfast.ts';
import { describeMachine, type Machine } from './machine.ts';
import { raiseNeighbourTable } from './neighbour-table.ts';
import { spreadOf } from './statistics.ts';

const usualAddresses = 6;
/** With more, those that are to move are asked alone, so that each comes as often as the prober's half of a core allows. */
const askedMax = 8;
const manyIntervalMs = 30;
const heartbeatPort = 4807;
const runs = 3;
const coverDeadlineMs = 20_000;

export type Step = { readonly what: string; readonly where: string; readonly atMs: number };

export type FailoverTrace = {
  readonly title: string;
  /** Relative to the last heartbeat. */
  readonly steps: readonly Step[];
};

export type Traces = {
  readonly machine: Machine;
  readonly addresses: number;
  readonly traces: readonly FailoverTrace[];
};

/** @param addresses null: the usual six @param say a line on what could not be traced */
export async function traceFailover(addresses: number | null, say: (line: string) => void): Promise<Traces> {
  const count = addresses ?? usualAddresses;
  const restore = raiseNeighbourTable();
  try {
    return await traceRuns(count, say);
  } finally {
    restore();
  }
}

async function traceRuns(count: number, say: (line: string) => void): Promise<Traces> {
  const machine = await describeMachine();
  const traces: FailoverTrace[] = [];
  for (let run = 1; run <= runs; run++) {
    for (const contender of count > askedMax ? [holdfast(null)] : [holdfast(null), holdfast(10)]) {
      try {
        traces.push(await traceOne(contender, count));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        say(`run ${run} of ${contender.title} could not be traced: ${error.message}`);
      }
    }
  }
  return { machine, addresses: count, traces };
}

async function traceOne(contender: Contender, count: number): Promise<FailoverTrace> {
  const lab = await createLab({ hosts: 3 });
  try {
    await routeToAddresses(lab);
    const withPrefix = virtualAddresses(count);
    const addresses = withPrefix.map(bare);
    const group = await contender.prepare(lab, withPrefix);
    await group.startAll();
    await Promise.all(lab.hosts.map((host) => group.joined(host)));
    const held = (): boolean => addresses.every((address) => group.watch.holders(address).length === 1);
    await group.watch.until('every address to be held', coverDeadlineMs, held);
    const victim = lab.host('e2');
    const doomed = group.watch.heldBy(victim.name).filter((address) => addresses.includes(address));
    const asked = count > askedMax ? { addresses: doomed, intervalMs: manyIntervalMs } : { addresses };
    const probing = await startProbing(lab.client.namespace, asked);
    await probing.allAnswering(coverDeadlineMs, 2 * manyIntervalMs);
    const file = join(lab.directory, 'trace.pcap');
    const capture = await lab.captureAll(`arp or udp port ${heartbeatPort} or icmp[icmptype] == icmp-echoreply`, file);
    await pause(500);
    const cutMs = await lab.cutPower(victim);
    await group.watch.until('every address to be held again', coverDeadlineMs, held);
    await pause(300);
    await group.watch.sync();
    await capture.stop();
    const frames = await lab.frames(capture);
    const claims = group.watch.events.filter(
      ({ atMs, kind, address }) => atMs > cutMs && kind === 'held' && doomed.includes(address),
    );
    return { title: contender.title, steps: stepsOf({ frames, victim, doomed, cutMs, claims }) };
  } finally {
    await lab.dispose();
  }
}

type Observed = {
  readonly frames: readonly Frame[];
  readonly victim: LabHost;
  readonly doomed: readonly string[];
  readonly cutMs: number;
  readonly claims: readonly { readonly atMs: number; readonly host: string }[];
};

function stepsOf({ frames, victim, doomed, cutMs, claims }: Observed): readonly Step[] {
  const channel = frames.filter(({ text }) => text.includes(`.${heartbeatPort}: UDP`));
  const survivors = channel.filter(({ port, atMs }) => port !== victim.wiring.port && atMs > cutMs);
  const lastHeartbeat = channel.filter(({ port }) => port === victim.wiring.port).at(-1);
  // Heartbeats go to a group; what agrees on a view goes from one to another.
  const agreement = survivors.filter(({ text }) => !isMulticast(text));
  const announcements = frames.filter((frame) => frame.atMs > cutMs && doomed.includes(announcedBy(frame) ?? ''));
  const answers = frames.filter(
    (frame) => frame.atMs > cutMs && frame.port !== victim.wiring.port && doomed.includes(echoedBy(frame) ?? ''),
  );
  const firstAnswers = doomed.map(
    (address) => answers.find((frame) => echoedBy(frame) === address)?.atMs ?? Number.NaN,
  );
  const beganMs = lastHeartbeat?.atMs ?? cutMs;
  const step = (what: string, where: string, atMs: number | undefined): readonly Step[] =>
    atMs === undefined ? [] : [{ what, where, atMs: atMs - beganMs }];
  const claimsByTime = claims.toSorted((a, b) => a.atMs - b.atMs);
  const firstClaimMs = claimsByTime[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const talk = agreement.filter(({ atMs }) => atMs <= firstClaimMs);
  const announcedMs = doomed.map(
    (address) => announcements.find((frame) => announcedBy(frame) === address)?.atMs ?? Number.NaN,
  );
  return [
    ...step(`last heartbeat of ${victim.name}`, 'switch', lastHeartbeat?.atMs),
    ...step(`power of ${victim.name} cut`, 'lab', cutMs),
    ...step(
      'patience is over: first frame of the agreement on a new view',
      'switch',
      firstTalk(talk, doomed.length > askedMax ? manyTalkPauseMs : talkPauseMs),
    ),
    ...step('last frame of it before the first claim', 'switch', talk.at(-1)?.atMs),
    ...step('first address in the kernel of its new owner', 'netlink', claimsByTime[0]?.atMs),
    ...step('first announcement', 'switch', announcements[0]?.atMs),
    ...step('first address answers the client', 'switch', Math.min(...firstAnswers)),
    ...step('last address in the kernel of its new owner', 'netlink', claimsByTime.at(-1)?.atMs),
    ...step('last address announced', 'switch', Math.max(...announcedMs)),
    ...step('last address answers the client', 'switch', Math.max(...firstAnswers)),
  ];
}

/** The first after which the talk does not pause before the claim: acknowledgements of earlier things are not part of it. */
function firstTalk(talk: readonly Frame[], pauseMs: number): number | undefined {
  let first = talk.at(-1)?.atMs;
  for (const { atMs } of talk.toReversed()) {
    if (first === undefined || first - atMs > pauseMs) break;
    first = atMs;
  }
  return first;
}

const talkPauseMs = 8;
/** While a thousand are decided about, nothing is said for longer. */
const manyTalkPauseMs = 60;

function isMulticast(text: string): boolean {
  return /> (2[23]\d\.|ff)/.test(text);
}

/** @returns what it wrote where */
export function writeTrace(docs: string, { machine, addresses, traces }: Traces): string {
  const titles = [...new Set(traces.map(({ title }) => title))];
  const isUsual = addresses === usualAddresses;
  const text = [
    isUsual
      ? '# Where the time goes: one failover, step by step'
      : `# Where the time goes: one failover of ${addresses} addresses, step by step`,
    '',
    isUsual
      ? 'Written by `npm run bench -- --trace`; edit nothing here. Three hosts, six addresses, a client that probes each every ms; the power of one host is cut.'
      : `Written by \`npm run bench -- --trace --addresses ${addresses}\`; edit nothing here. Three hosts, one set an address; the power of one is cut, and a client probes each of its addresses every ${manyIntervalMs} ms.`,
    "Every instant is a kernel's, on one clock, in ms since the last heartbeat of that host: *switch* is a frame stamped as it came in there, *netlink* an address in a kernel",
    '(stamped when read, so at or after the change, sometimes after the frame that follows from it). [architecture.md](architecture.md) says which file does what in each step.',
    '',
    `- **Date** ${machine.date} UTC, load average ${machine.loadAtBegin.toFixed(1)}; ${machine.processor}; ${machine.system}; ${machine.versions.join(', ')}`,
    '',
    ...titles.flatMap((title) =>
      renderTraces(
        title,
        traces.filter((each) => each.title === title),
      ),
    ),
  ].join('\n');
  const file = join(docs, isUsual ? 'failover-trace.md' : `failover-trace-${addresses}.md`);
  writeFileSync(file, text);
  return `${text}\nWritten: ${file}`;
}

/** Where the time went, by the medians. */
function inWords(traces: readonly FailoverTrace[]): string {
  const at = (what: string): number => {
    const found = traces.flatMap(({ steps }) => steps.filter((step) => step.what.startsWith(what)));
    return found.length === 0 ? Number.NaN : spreadOf(found.map(({ atMs }) => atMs)).median;
  };
  const [agreed, claimed, all] = [
    at('patience is over'),
    at('first address in the kernel'),
    at('last address answers'),
  ];
  const cut = at('power of');
  return (
    `Of ${all.toFixed(0)} ms from the last heartbeat to the last answer, ${agreed.toFixed(0)} are patience: nothing but the ` +
    `configured number of heartbeats makes them fewer. ${(claimed - agreed).toFixed(1)} ms go into the new view, the decision and the ` +
    `first claim, ${(all - claimed).toFixed(1)} ms into the announcements and the client: ${(all - agreed).toFixed(0)} ms from the end of the patience until all answer. The client waits less than the sum, for ` +
    `the power goes somewhere between two heartbeats: here ${cut.toFixed(0)} ms after the last.`
  );
}

function renderTraces(title: string, traces: readonly FailoverTrace[]): readonly string[] {
  const [first] = traces;
  if (first === undefined) return [];
  const rows = first.steps.map((step, index) => {
    const at = traces.map((trace) => trace.steps[index]?.atMs ?? Number.NaN);
    const taken = traces.map(({ steps }) => (steps[index]?.atMs ?? 0) - (steps[index - 1]?.atMs ?? 0));
    const each = at.map((ms) => ms.toFixed(1)).join(' | ');
    return `| ${step.what} | ${step.where} | ${each} | ${index === 0 ? '' : spreadOf(taken).median.toFixed(1)} |`;
  });
  const heads = traces.map((_, index) => `run ${index + 1}`).join(' | ');
  return [
    `## ${title}`,
    '',
    `| step | seen at | ${heads} | this step took (median) |`,
    `| --- | --- | ${traces.map(() => '--:').join(' | ')} | --: |`,
    ...rows,
    '',
    inWords(traces),
    '',
  ];
}
