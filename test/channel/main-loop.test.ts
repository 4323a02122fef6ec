import { describe, expect, it } from 'vitest';
import { createMainLoopMemory, MainLoopBeat, MainLoopWatch } from '../../agent/channel/main-loop.ts';
import type { InstantMs } from '../../agent/membership/view.ts';

const hangMs = 500;

/** A loop that counts when it is told to, and its neighbour's word of it. */
function watched() {
  const memory = createMainLoopMemory();
  let beat = (): void => {};
  new MainLoopBeat(
    memory,
    hangMs,
    (_, run) => {
      beat = run;
      return () => {};
    },
    () => {},
  );
  const said: string[] = [];
  const watch = new MainLoopWatch(memory, hangMs, {
    onHang: () => said.push('hang'),
    onReturn: () => said.push('return'),
  });
  return { beat: () => beat(), look: (atMs: number) => watch.look(atMs as InstantMs), said };
}

describe('MainLoopWatch.look()', () => {
  it.each([
    ['every 10 ms', 10],
    ['with heartbeats', 88],
    ['every 100 ms', 100],
  ])('finds a loop that counted nothing for as long as it may hang, looking %s', (_, intervalMs) => {
    const { beat, look, said } = watched();
    beat();
    let atMs = 0;
    for (; said.length === 0 && atMs < 2 * hangMs; atMs += intervalMs) look(atMs);
    expect(said).toEqual(['hang']);
    expect(atMs - intervalMs).toBeGreaterThanOrEqual(hangMs);
    expect(atMs - intervalMs).toBeLessThan(hangMs + 2 * intervalMs);
    beat();
    look(atMs);
    expect(said).toEqual(['hang', 'return']);
  });

  it('gives a loop its time where its own thread stood still as well', () => {
    const { beat, look, said } = watched();
    beat();
    look(0);
    look(60_000);
    look(60_100);
    expect(said).toEqual([]);
    beat();
    for (const atMs of [60_200, 60_300, 60_400]) look(atMs);
    expect(said).toEqual([]);
  });
});
