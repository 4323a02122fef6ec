import { describe, expect, it } from 'vitest';
import type { Frame } from '../../agent/lab/frames.ts';
import { firstHeardMs, oneOwnerFromMs } from '../../agent/lab/heal.ts';
import type { HoldingEvent } from '../../agent/lab/holdings.ts';

const cut = { port: 'p1', addresses: ['10.77.0.1', 'fd77::1'], others: ['p2', 'p3'] };

function frame(atMs: number, port: string, direction: Frame['direction'], source: string): Frame {
  return { atMs, port, direction, broadcast: false, text: `IP ${source}.4807 > 239.255.72.68.4807: UDP, length 145` };
}

describe('firstHeardMs()', () => {
  it('is that of the first frame that left the switch on the other side of its sender', () => {
    const frames = [
      frame(1, 'p1', 'in', '10.77.0.1'), // it came in, and a cut stopped it
      frame(2, 'p3', 'out', '10.77.0.2'), // one side
      frame(2, 'p250', 'out', '10.77.0.1'), // no host
      frame(3, 'p3', 'out', '10.77.0.1'),
      frame(4, 'p1', 'out', '10.77.0.2'),
    ];
    expect(firstHeardMs(frames, cut)).toBe(3);
    expect(firstHeardMs(frames.slice(0, 3), cut)).toBeNull();
    expect(firstHeardMs(frames.slice(4), cut)).toBe(4);
  });
});

describe('oneOwnerFromMs()', () => {
  const [a, b] = ['192.0.2.1', '192.0.2.2'];
  const event = (atMs: number, host: string, kind: HoldingEvent['kind'], address: string): HoldingEvent => {
    return { atMs, host, kind, address };
  };
  const before = [event(0, 'e1', 'held', a), event(0, 'e2', 'held', a), event(0, 'e2', 'held', b)];

  it('is when the last address came to have one holder', () => {
    const events = [...before, event(0, 'e1', 'held', b), event(20, 'e1', 'gone', a), event(30, 'e1', 'gone', b)];
    expect(oneOwnerFromMs(events, [a, b], 10, 100)).toBe(30);
  });

  it('is the beginning where each has one anyway, and nothing where one has two or none', () => {
    expect(oneOwnerFromMs(before, [b], 10, 100)).toBe(10);
    expect(oneOwnerFromMs(before, [a, b], 10, 100)).toBeNull();
    expect(oneOwnerFromMs([...before, event(20, 'e2', 'gone', b)], [b], 10, 100)).toBeNull();
  });
});
