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
      '  event            sets moved  probes lost  longest silence  held twice  by nobody  at rest',
      '  power of e2 cut  2           560 of 7896  293 ms           0 ms        289 ms     each set once',
    ]);
  });

  it('marks what was wrong at a rest', () => {
    const [, row] = render([{ ...result, faults: ['web-01 (10.77.0.101) is held by nobody'] }]);
    expect(row).toMatch(/^! .*web-01 \(10\.77\.0\.101\) is held by nobody$/);
  });

  it('shows that the client has not reported yet', () => {
    expect(render([{ ...result, probes: null }])[1]).toContain('…');
  });
});
