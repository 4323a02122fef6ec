/** What one event did, as the client, the kernels and the wire tell it: from their records to numbers. Pure. */
import { announcedBy, echoedBy, type Frame } from '../../agent/lab/frames.ts';
import { type CutOff, firstHeardMs, oneOwnerFromMs } from '../../agent/lab/heal.ts';
import { type HoldingEvent, heldByNobodyMs, heldTwiceMs, type Span, spansOf } from '../../agent/lab/holdings.ts';
import type { PhaseReport } from '../../agent/lab/probe-protocol.ts';
import type { TcpReport } from '../../agent/lab/tcp-protocol.ts';

/** All times in ms. */
export type Measure = {
  readonly contender: string;
  readonly event: string;
  readonly run: number;
  /** Whether every address was held once by a host that takes part, and for a second stayed so. */
  readonly settled: boolean;
  /** How long after the event was looked. */
  readonly lookedMs: number;
  readonly sent: number;
  readonly lost: number;
  /** Of any address. */
  readonly silenceMs: number;
  /** Whether an address was silent still when we stopped looking. */
  readonly silentOn: boolean;
  /** From the event until the last address that lost probes answered after its longest silence; 0: none lost any. */
  readonly lastAnswerMs: number;
  /** Of any address, in total. */
  readonly heldTwiceMs: number;
  readonly heldByNobodyMs: number;
  /** After a cut, from the first frame that the switch passed on to the other side until every address had one holder; null: no cut ended, or two have one still. */
  readonly mergedMs: number | null;
  /** Addresses with a holder after it that did not have them before, or with none. */
  readonly moved: number;
  /** Gratuitous ARP frames for the addresses. */
  readonly announcements: number;
  /** Of one address, that the event was about. */
  readonly tcp: {
    readonly newSilenceMs: number;
    readonly newLost: number;
    readonly keptSilenceMs: number;
    /** How often the kept connection broke. */
    readonly broken: number;
  };
  readonly timeline: Timeline;
};

/** One address, one that the event was about; instants relative to the event. */
export type Timeline = {
  readonly address: string;
  /** Who answered the client. */
  readonly answers: readonly Stretch[];
  /** Whose kernels had it. */
  readonly holders: readonly { readonly fromMs: number; readonly toMs: number; readonly hosts: readonly string[] }[];
  readonly announcedMs: readonly number[];
};

export type Stretch = { readonly fromMs: number; readonly toMs: number; readonly host: string };

export type Record = {
  readonly contender: string;
  readonly event: string;
  readonly run: number;
  readonly settled: boolean;
  readonly beganMs: number;
  /** The event; at or after `beganMs`. */
  readonly eventMs: number;
  readonly endedMs: number;
  /** Those of the load. */
  readonly addresses: readonly string[];
  readonly watched: string;
  /** Hosts that nobody reaches: what they hold does not count. */
  readonly apart: ReadonlySet<string>;
  /** The host that the others hear again; null: they heard it all the time. */
  readonly healed: CutOff | null;
  readonly holdings: readonly HoldingEvent[];
  readonly frames: readonly Frame[];
  readonly probes: PhaseReport;
  readonly tcp: TcpReport;
};

/** Shorter silences are those of a busy machine; the longest is told all the same. */
const fallenSilentMs = 20;
const timelineLeadMs = 500;

export function measureOf(record: Record): Measure {
  const { addresses, beganMs, eventMs, endedMs, probes } = record;
  const reachable = record.holdings.filter((event) => !record.apart.has(event.host));
  const spans = addresses.map((address) => spansOf(reachable, address, beganMs, endedMs));
  const since = addresses.map((address) => spansOf(reachable, address, eventMs, endedMs)); // what led to it is not of it
  // Of one that lost nothing the longest silence is the machine's, and its end says nothing of the event.
  const ends = probes.addresses.flatMap(({ outages, lost }) => {
    const longest = outages.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0];
    return lost === 0 || longest === undefined ? [] : [longest.toMs - eventMs];
  });
  const known = new Set(addresses);
  return {
    contender: record.contender,
    event: record.event,
    run: record.run,
    settled: record.settled,
    lookedMs: endedMs - eventMs,
    sent: probes.addresses.reduce((sum, each) => sum + each.sent, 0),
    lost: probes.addresses.reduce((sum, each) => sum + each.lost, 0),
    silenceMs: Math.max(...probes.addresses.map((each) => each.longestSilenceMs)),
    silentOn: probes.addresses.some(({ outages, lost }) => lost > 0 && outages.some(({ toMs }) => toMs > endedMs)),
    lastAnswerMs: Math.max(0, ...ends),
    heldTwiceMs: Math.max(...since.map(heldTwiceMs)),
    heldByNobodyMs: Math.max(...spans.map(heldByNobodyMs)),
    mergedMs: mergedMsOf(record, reachable),
    moved: spans.filter(hasMoved).length,
    announcements: record.frames.filter((frame) => known.has(announcedBy(frame) ?? '')).length,
    tcp: {
      newSilenceMs: record.tcp.connections.longestSilenceMs,
      newLost: record.tcp.connections.lost,
      keptSilenceMs: record.tcp.requests.longestSilenceMs,
      broken: record.tcp.broken,
    },
    timeline: timelineOf(record),
  };
}

function mergedMsOf(record: Record, reachable: readonly HoldingEvent[]): number | null {
  const heardMs = record.healed === null ? null : firstHeardMs(record.frames, record.healed);
  const oneFromMs = oneOwnerFromMs(reachable, record.addresses, record.beganMs, record.endedMs);
  return heardMs === null || oneFromMs === null ? null : Math.max(0, oneFromMs - heardMs);
}

/** Of two holders one that stays has not taken anything. */
function hasMoved(spans: readonly Span[]): boolean {
  const before = spans.at(0)?.holders ?? [];
  const after = spans.at(-1)?.holders ?? [];
  return after.length === 0 || after.some((host) => !before.includes(host));
}

function timelineOf(record: Record): Timeline {
  const { watched, eventMs, endedMs } = record;
  const spans: readonly Span[] = spansOf(record.holdings, watched, eventMs - timelineLeadMs, endedMs);
  return {
    address: watched,
    answers: stretchesOf(record),
    holders: spans.map(({ fromMs, toMs, holders }) => ({
      fromMs: fromMs - eventMs,
      toMs: toMs - eventMs,
      hosts: holders,
    })),
    announcedMs: record.frames.filter((frame) => announcedBy(frame) === watched).map(({ atMs }) => atMs - eventMs),
  };
}

/** Answers of one host after another make a stretch. Another host ends it, or that the client waited; not a prober that slept. */
function stretchesOf(record: Record): readonly Stretch[] {
  const own = record.probes.addresses.find(({ address }) => address === record.watched);
  const silences = own?.outages.filter(({ fromMs, toMs }) => toMs - fromMs >= fallenSilentMs) ?? [];
  const stretches: { fromMs: number; toMs: number; host: string }[] = [];
  for (const frame of record.frames) {
    if (echoedBy(frame) !== record.watched) continue;
    const host = frame.port.replace('p', 'e');
    const atMs = frame.atMs - record.eventMs;
    const last = stretches.at(-1);
    // The middle of it, for the ends are other instants on the wire than at the client.
    const waited = silences.some((silence) => {
      const middleMs = (silence.fromMs + silence.toMs) / 2 - record.eventMs;
      return last !== undefined && middleMs > last.toMs && middleMs < atMs;
    });
    if (last !== undefined && last.host === host && !waited) last.toMs = atMs;
    else stretches.push({ fromMs: atMs, toMs: atMs, host });
  }
  return stretches;
}
