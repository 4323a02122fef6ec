import { describe, expect, it } from 'vitest';
import { baselineOf, worsened } from './baseline.ts';
import type { Measure } from './measure.ts';

function measures(contender: string, silences: readonly number[], lost = 0): readonly Measure[] {
  return silences.map((silenceMs, index) => ({
    ...{ contender, event: 'stop', run: index + 1, settled: true, lookedMs: 2000, sent: 1000, lost, silenceMs },
    ...{
      silentOn: false,
      lastAnswerMs: 0,
      heldTwiceMs: 0,
      heldByNobodyMs: 0,
      mergedMs: null,
      moved: 2,
      announcements: 4,
    },
    tcp: { newSilenceMs: 0, newLost: 0, keptSilenceMs: 0, broken: 0 },
    timeline: { address: '10.77.0.101', answers: [], holders: [], announcedMs: [] },
  }));
}

const before = [...measures('holdfast', [5, 6]), ...measures('keepalived', [280, 300], 500)];

describe('baselineOf()', () => {
  it('keeps where we lost nothing and where we were ahead of a peer in every run', () => {
    expect(baselineOf(before)).toEqual({
      lossless: ['holdfast stop'],
      ahead: ['stop silence holdfast keepalived'],
    });
  });
});

describe('worsened()', () => {
  const baseline = baselineOf(before);

  it('finds nothing where all is as it was', () => {
    expect(worsened(baseline, before)).toEqual([]);
  });

  it('finds a loss where there was none', () => {
    expect(worsened(baseline, measures('holdfast', [5, 6], 3))).toEqual([
      'holdfast stop: lost no probe before, 3 and 3 now',
    ]);
  });

  it('finds an order that turned round', () => {
    const now = [...measures('holdfast', [400, 410]), ...measures('keepalived', [280, 300], 500)];
    expect(worsened(baseline, now)).toEqual([
      'stop, silence: holdfast was ahead of keepalived and is behind now, 405 ms against 290 ms',
    ]);
  });

  it('takes a difference within the noise, and runs that overlap, for equal', () => {
    const near = [...measures('holdfast', [298, 300]), ...measures('keepalived', [289, 291], 500)];
    const overlapping = [...measures('holdfast', [200, 600]), ...measures('keepalived', [280, 300], 500)];
    expect([worsened(baseline, near), worsened(baseline, overlapping)]).toEqual([[], []]);
  });
});
