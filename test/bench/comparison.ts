/** Ours beside theirs: who is ahead in an event, and by how much more than noise. Pure. */
import type { Contender } from './contender.ts';
import { contenders } from './contenders.ts';
import type { Measure } from './measure.ts';
import { eventTexts } from './scenarios.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** Less apart than this are equal, or than what nothing at all showed on the machine: what a busy one does to a prober. */
export const noiseMsMin = 10;

export type Verdict = 'ahead' | 'equal' | 'behind';

export type Comparison = {
  readonly event: string;
  readonly ours: string;
  readonly theirs: string;
  readonly measure: 'silence' | 'held twice';
  readonly oursMs: Spread;
  readonly theirsMs: Spread;
  readonly verdict: Verdict;
};

/**
 * Each of ours with theirs of its kind, by what the client waited and by how long two had an address. Whoever lost probes is not
 * better for having been on two hosts for less time: that is what it is for.
 */
export function compare(measures: readonly Measure[]): readonly Comparison[] {
  const ours = contenders.filter(({ family }) => family === 'holdfast');
  const theirs = contenders.filter(({ family }) => family !== 'holdfast');
  const events = eventTexts.filter(({ name }) => name !== 'noise');
  const noiseMs = noiseOf(measures);
  return events.flatMap(({ name: event }) =>
    ours.flatMap((own) =>
      theirs
        .filter((peer) => isFast(own) === isFast(peer))
        .flatMap((peer) => {
          const [mine, others] = [own, peer].map(({ name }) =>
            measures.filter((each) => each.contender === name && each.event === event),
          );
          if (mine === undefined || others === undefined || mine.length === 0 || others.length === 0) return [];
          const pair = (measure: Comparison['measure'], pick: (each: Measure) => number): Comparison => {
            const [oursMs, theirsMs] = [spreadOf(mine.map(pick)), spreadOf(others.map(pick))];
            const verdict = verdictOf(oursMs, theirsMs, noiseMs);
            return { event, ours: own.name, theirs: peer.name, measure, oursMs, theirsMs, verdict };
          };
          const silence = pair('silence', (each) => each.silenceMs);
          const heldTwice = pair('held twice', (each) => each.heldTwiceMs);
          const losing =
            spreadOf(others.map(({ lost }) => lost)).median > spreadOf(mine.map(({ lost }) => lost)).median;
          return losing && heldTwice.verdict === 'behind' ? [silence] : [silence, heldTwice];
        }),
    ),
  );
}

/** The longest that any client waited where nothing happened. Who lost probes even then adds to it what is its own, not the prober's. */
export function noiseOf(measures: readonly Measure[]): number {
  const quiet = measures.filter(({ event, lost }) => event === 'noise' && lost === 0);
  return Math.max(noiseMsMin, ...quiet.map(({ silenceMs }) => silenceMs));
}

/** 10 ms are compared with 10 ms, what is usual with what is usual. */
function isFast({ name }: Contender): boolean {
  return name.endsWith('-10ms');
}

/** Equal where the medians are within the noise or the runs overlap. */
function verdictOf(ours: Spread, theirs: Spread, noiseMs: number): Verdict {
  if (Math.abs(ours.median - theirs.median) <= noiseMs) return 'equal';
  if (ours.max < theirs.min) return 'ahead';
  return ours.min > theirs.max ? 'behind' : 'equal';
}
