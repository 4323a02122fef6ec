import { describe, expect, it } from 'vitest';
import { ProbeMeter } from '../../agent/lab/probe-meter.ts';
import type { AddressReport } from '../../agent/lab/probe-protocol.ts';

const timeoutMs = 1000;

/** Probes every ms from 0 to `untilMs`; `answerMs` says when the answer to each comes, null: never. */
function probed(
  untilMs: number,
  answerMs: (sentMs: number) => number | null,
  phase: readonly [number, number] = [0, untilMs],
): AddressReport {
  const meter = new ProbeMeter('192.0.2.1', timeoutMs);
  meter.begin('phase', phase[0]);
  const answers: { atMs: number; sequence: number }[] = [];
  for (let sentMs = 0; sentMs < untilMs; sentMs++) {
    const atMs = answerMs(sentMs);
    if (atMs !== null) answers.push({ atMs, sequence: sentMs });
  }
  answers.sort((a, b) => a.atMs - b.atMs);
  for (let nowMs = 0; nowMs < untilMs + timeoutMs + 50; nowMs++) {
    if (nowMs < untilMs) meter.sent(nowMs);
    while (answers[0] !== undefined && answers[0].atMs < nowMs + 1) {
      const next = answers.shift();
      if (next !== undefined) meter.answered(next.sequence, next.atMs);
    }
    meter.settle(nowMs);
    if (nowMs === phase[1]) meter.end('phase', nowMs);
  }
  const report = meter.report('phase', untilMs + timeoutMs + 50);
  if (report === null) throw new Error('no report');
  return report;
}

describe('ProbeMeter', () => {
  it('counts no loss and a silence of one round trip where everything is answered', () => {
    const report = probed(500, (sentMs) => sentMs + 0.25);
    expect(report).toMatchObject({ sent: 500, lost: 0, longestSilenceMs: 0.25, outages: [], rateHz: 1000 });
  });

  it('measures an outage from the first probe that waits to the next answer', () => {
    const report = probed(500, (sentMs) => (sentMs >= 100 && sentMs < 300 ? null : sentMs + 0.25));
    expect(report).toMatchObject({ lost: 200, longestSilenceMs: 200.25, outages: [{ fromMs: 100, toMs: 300.25 }] });
  });

  it('counts a queue that is let through late as silence, not as loss', () => {
    const report = probed(500, (sentMs) => (sentMs >= 100 && sentMs < 300 ? 300 + sentMs / 1000 : sentMs + 0.75));
    expect(report.lost).toBe(0);
    expect(report.longestSilenceMs).toBeCloseTo(200.1, 0);
    expect(report.outages).toHaveLength(1);
  });

  it('counts an answer after the timeout as lost', () => {
    const report = probed(1500, (sentMs) => (sentMs === 100 ? sentMs + timeoutMs + 1 : sentMs + 0.25));
    expect(report.lost).toBe(1);
  });

  it('lets an answer out of order change nothing but its own probe', () => {
    const report = probed(500, (sentMs) => (sentMs === 100 ? 150.5 : sentMs + 0.25));
    expect(report).toMatchObject({ lost: 0, longestSilenceMs: 1.25 });
  });

  it('reports an outage that never ends', () => {
    const report = probed(500, (sentMs) => (sentMs >= 400 ? null : sentMs + 0.25));
    expect(report.lost).toBe(100);
    expect(report.longestSilenceMs).toBeGreaterThanOrEqual(1100);
  });

  it('counts for a phase the probes sent in it, and a silence that touches it in full', () => {
    const report = probed(500, (sentMs) => (sentMs >= 100 && sentMs < 300 ? null : sentMs + 0.25), [250, 400]);
    expect(report).toMatchObject({ sent: 150, lost: 50, longestSilenceMs: 200.25 });
  });

  it('does not count a pause of the prober', () => {
    const meter = new ProbeMeter('192.0.2.1', timeoutMs);
    meter.begin('phase', 0);
    for (const sentMs of [0, 1, 900, 901]) {
      meter.sent(sentMs);
      meter.answered(meter.nextSequence - 1, sentMs + 0.25);
    }
    meter.end('phase', 1000);
    expect(meter.report('phase', 2100)).toMatchObject({ sent: 4, lost: 0, longestSilenceMs: 0.25 });
  });
});
