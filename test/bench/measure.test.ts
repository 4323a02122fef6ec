import { describe, expect, it } from 'vitest';
import type { Frame } from '../../agent/lab/frames.ts';
import type { AddressReport } from '../../agent/lab/probe-protocol.ts';
import { measureOf, type Record } from './measure.ts';

const [watched, other] = ['10.77.0.101', '10.77.0.102'];

function reportOf(address: string, silence: readonly [number, number] | null): AddressReport {
  const outages = silence === null ? [] : [{ fromMs: silence[0], toMs: silence[1] }];
  const longestSilenceMs = silence === null ? 1 : silence[1] - silence[0];
  return { address, sent: 1000, rateHz: 1000, lost: silence === null ? 0 : 200, longestSilenceMs, outages };
}

/** e2 has the watched address until it loses power at 1,000; e1 takes it at 1,290 and answers from 1,300 on. */
const record: Record = {
  ...{ contender: 'holdfast', event: 'power-loss', run: 1, settled: true, beganMs: 990, eventMs: 1000, endedMs: 2000 },
  addresses: [watched, other],
  watched,
  apart: new Set(),
  healed: null,
  holdings: [
    { atMs: 0, host: 'e2', address: watched, kind: 'held' },
    { atMs: 0, host: 'e3', address: other, kind: 'held' },
    { atMs: 1000, host: 'e2', address: watched, kind: 'gone' },
    { atMs: 1290, host: 'e1', address: watched, kind: 'held' },
  ],
  frames: [
    {
      atMs: 998,
      port: 'p2',
      direction: 'in',
      broadcast: false,
      text: `IP ${watched} > 10.77.0.250: ICMP echo reply, id 1, seq 1`,
    },
    {
      atMs: 999,
      port: 'p2',
      direction: 'in',
      broadcast: false,
      text: `IP ${watched} > 10.77.0.250: ICMP echo reply, id 1, seq 2`,
    },
    {
      atMs: 1292,
      port: 'p1',
      direction: 'in',
      broadcast: true,
      text: `ARP, Request who-has ${watched} tell ${watched}, length 28`,
    },
    {
      atMs: 1300,
      port: 'p1',
      direction: 'in',
      broadcast: false,
      text: `IP ${watched} > 10.77.0.250: ICMP echo reply, id 1, seq 300`,
    },
    {
      atMs: 1301,
      port: 'p1',
      direction: 'in',
      broadcast: false,
      text: `IP ${watched} > 10.77.0.250: ICMP echo reply, id 1, seq 301`,
    },
  ],
  probes: {
    ...{ phase: 'power-loss', beganMs: 990, endedMs: 2000, cpuShare: 0.1 },
    addresses: [reportOf(watched, [1000, 1300]), reportOf(other, null)],
  },
  tcp: { connections: reportOf(watched, [1005, 1310]), requests: reportOf(watched, null), broken: 1 },
};

describe('measureOf()', () => {
  it('takes the worst address, adds up what was lost, and dates the last answer from the event', () => {
    expect(measureOf(record)).toMatchObject({
      ...{ silenceMs: 300, lost: 200, sent: 2000, lastAnswerMs: 300, heldTwiceMs: 0, heldByNobodyMs: 290 },
      ...{ moved: 1, announcements: 1, lookedMs: 1000 },
      tcp: { newSilenceMs: 305, newLost: 200, keptSilenceMs: 1, broken: 1 },
    });
  });

  it('says of a silence that no answer ended whether it went on', () => {
    const addresses = [reportOf(watched, [1000, 3050]), reportOf(other, null)];
    expect(measureOf(record).silentOn).toBe(false);
    expect(measureOf({ ...record, probes: { ...record.probes, addresses } }).silentOn).toBe(true);
  });

  it('says who answered from when to when, relative to the event', () => {
    const { timeline } = measureOf(record);
    expect(timeline.answers).toEqual([
      { fromMs: -2, toMs: -1, host: 'e2' },
      { fromMs: 300, toMs: 301, host: 'e1' },
    ]);
    expect(timeline.announcedMs).toEqual([292]);
    expect(timeline.holders.map(({ hosts }) => hosts)).toEqual([['e2'], [], ['e1']]);
  });

  it('shows no gap where the prober slept and nobody waited, one where somebody did', () => {
    const late: Frame = {
      ...{ atMs: 1800, port: 'p1', direction: 'in', broadcast: false },
      text: `IP ${watched} > 10.77.0.250: ICMP echo reply, id 1, seq 302`,
    };
    const frames = [...record.frames, late];
    expect(measureOf({ ...record, frames }).timeline.answers.at(-1)).toEqual({ fromMs: 300, toMs: 800, host: 'e1' });
    const addresses = [reportOf(watched, [1400, 1800]), reportOf(other, null)];
    const waited = measureOf({ ...record, frames, probes: { ...record.probes, addresses } });
    expect(waited.timeline.answers.at(-1)).toEqual({ fromMs: 800, toMs: 800, host: 'e1' });
  });

  it('does not count what a host holds that nobody reaches', () => {
    const holdings = record.holdings.filter(({ kind }) => kind === 'held');
    expect(measureOf({ ...record, holdings }).heldTwiceMs).toBe(710);
    expect(measureOf({ ...record, holdings, apart: new Set(['e2']) }).heldTwiceMs).toBe(0);
  });

  it('does not take an owner of two that stays for one that took over', () => {
    const healed: Record['holdings'] = [
      { atMs: 0, host: 'e1', address: watched, kind: 'held' },
      { atMs: 0, host: 'e2', address: watched, kind: 'held' },
      { atMs: 0, host: 'e3', address: other, kind: 'held' },
      { atMs: 1050, host: 'e2', address: watched, kind: 'gone' },
    ];
    expect(measureOf({ ...record, holdings: healed })).toMatchObject({ moved: 0, heldTwiceMs: 50, mergedMs: null });
  });

  it('counts a merge from the first frame across until every address has one holder', () => {
    const holdings: Record['holdings'] = [
      { atMs: 0, host: 'e1', address: watched, kind: 'held' },
      { atMs: 0, host: 'e2', address: watched, kind: 'held' },
      { atMs: 0, host: 'e3', address: other, kind: 'held' },
      { atMs: 1050, host: 'e2', address: watched, kind: 'gone' },
    ];
    const passed: Frame = {
      ...{ atMs: 1020, port: 'p2', direction: 'out', broadcast: false },
      text: 'IP 10.77.0.1.4807 > 239.255.72.68.4807: UDP, length 145',
    };
    const healed = { port: 'p2', addresses: ['10.77.0.2'], others: ['p1', 'p3'] };
    expect(measureOf({ ...record, holdings, healed, frames: [passed] }).mergedMs).toBe(30);
    expect(measureOf({ ...record, holdings, healed, frames: [] }).mergedMs).toBeNull();
    const standing = holdings.filter(({ kind }) => kind === 'held');
    expect(measureOf({ ...record, holdings: standing, healed, frames: [passed] }).mergedMs).toBeNull();
  });
});
