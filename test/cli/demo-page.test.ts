import { describe, expect, it } from 'vitest';
import { type DemoView, renderDemo } from '../../agent/cli/demo-page.ts';
import { type EventResult, renderResults } from '../../agent/cli/demo-table.ts';

const result: EventResult = {
  event: 'power of e2 cut',
  setsMoved: 2,
  probes: { sent: 7896, lost: 560, longestSilenceMs: 293.4 },
  heldTwiceMs: 0,
  heldByNobodyMs: 289.2,
  faults: [],
};

const view: DemoView = {
  elapsedMs: 12_345,
  client: 'all 6 addresses answer',
  clientStyle: 'green',
  hosts: [
    { name: 'e1', state: 'agent runs', style: 'green', sets: [{ text: 'web-01 .101 +e3', twice: true }] },
    { name: 'e2', state: 'NO POWER', style: 'red', sets: [] },
    { name: 'e3', state: 'agent runs', style: 'green', sets: [{ text: 'web-01 .101 +e1', twice: true }] },
  ],
  step: '2 of 7: power of e2 cut',
  explanation: 'Its link and its processes end at once.',
  happened: ['  4.635 s  the power of e2 is cut'],
  results: [result],
};

describe('renderDemo()', () => {
  it('shows the network, each host with its state and sets, and what happens', () => {
    const page = renderDemo(view, { width: 80, colour: false });
    expect(page).toContain('client   all 6 addresses answer');
    expect(page).toContain('│ agent runs          │ │ NO POWER            │ │ agent runs          │');
    expect(page).toContain('│ web-01 .101 +e3     │ │                     │ │ web-01 .101 +e1     │');
    expect(page).toContain('[12 s] 2 of 7: power of e2 cut\nIts link and its processes end at once.');
  });

  it('fits the width, and is as wide in colour', () => {
    const plain = renderDemo(view, { width: 80, colour: false }).split('\n');
    expect(Math.max(...plain.map((line) => line.length))).toBeLessThanOrEqual(80);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are made of
    const coloured = renderDemo(view, { width: 80, colour: true }).replaceAll(/\x1b\[\d+m/g, '');
    expect(coloured.split('\n')).toEqual(plain);
  });
});

describe('renderResults()', () => {
  const render = (results: readonly EventResult[]): string[] =>
    renderResults(results, { width: Infinity, paint: (_, text) => text });

  it('gives every event a row', () => {
    expect(render([result])).toEqual([
      '  event            moved  lost         silence  twice  nobody  at rest',
      '  power of e2 cut  2      560 of 7896  293 ms   0 ms   289 ms  once',
    ]);
  });

  it('fits 80 columns with the longest of every cell', () => {
    const probes = { sent: 40368, lost: 40368, longestSilenceMs: 8000 };
    const longest = { ...result, event: 'agent of e3 stopped', probes, heldTwiceMs: 8000, heldByNobodyMs: 8000 };
    const lines = render([longest, { ...longest, faults: ['one'] }]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('marks what was wrong at a rest, and says all of it below', () => {
    const faults = ['web-01 (10.77.0.101) is held by nobody', 'web-02 was not held exactly once all the time'];
    const [, row, ...below] = render([{ ...result, faults }, result]);
    expect(row).toMatch(/^! power of e2 cut .*wrong$/);
    expect(below.slice(0, 2)).toEqual(faults.map((fault) => `!   ${fault}`));
    expect(below[2]).toMatch(/^ {2}power of e2 cut .*once$/);
  });

  it('shows that the client has not reported yet', () => {
    expect(render([{ ...result, probes: null }])[1]).toContain('…');
  });
});
