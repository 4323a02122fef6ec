import { describe, expect, it } from 'vitest';
import { type HoldingEvent, heldByNobodyMs, heldTwiceMs, spansOf } from '../../agent/lab/holdings.ts';

const address = '192.0.2.1';

function event(atMs: number, host: string, kind: HoldingEvent['kind']): HoldingEvent {
  return { atMs, host, address, kind };
}

describe('spansOf()', () => {
  it('covers the time asked for without gaps, a span for every set of holders', () => {
    const events = [event(5, 'e1', 'held'), event(30, 'e1', 'gone'), event(20, 'e2', 'held'), event(25, 'e2', 'held')];
    expect(spansOf(events, address, 0, 100)).toEqual([
      { fromMs: 0, toMs: 5, holders: [] },
      { fromMs: 5, toMs: 20, holders: ['e1'] },
      { fromMs: 20, toMs: 30, holders: ['e1', 'e2'] },
      { fromMs: 30, toMs: 100, holders: ['e2'] },
    ]);
  });

  it('takes what was before as given', () => {
    const events = [event(5, 'e1', 'held'), event(150, 'e1', 'gone')];
    expect(spansOf(events, address, 50, 100)).toEqual([{ fromMs: 50, toMs: 100, holders: ['e1'] }]);
  });

  it('leaves out other addresses', () => {
    const other: HoldingEvent = { atMs: 1, host: 'e1', address: '192.0.2.2', kind: 'held' };
    expect(spansOf([other], address, 0, 10)).toEqual([{ fromMs: 0, toMs: 10, holders: [] }]);
  });
});

describe('heldTwiceMs(), heldByNobodyMs()', () => {
  it('add up what is not one holder', () => {
    const events = [event(10, 'e1', 'held'), event(20, 'e2', 'held'), event(23, 'e1', 'gone'), event(90, 'e2', 'gone')];
    const spans = spansOf(events, address, 0, 100);
    expect([heldTwiceMs(spans), heldByNobodyMs(spans)]).toEqual([3, 20]);
  });
});
