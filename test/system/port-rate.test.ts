import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortRate, reserveFrames } from '../../agent/system/port-rate.ts';

/** What is advised for ports that a switch shuts at 15 ARP packets a second. */
const low = 10;
const shutAt = 15;

describe('PortRate', () => {
  it('allowed(): routine leaves the reserve to what is urgent', () => {
    const rate = new PortRate(low);
    expect([rate.allowed(2, 0, 'routine'), rate.allowed(2, 0, 'urgent')]).toEqual([1, 1 + reserveFrames]);
    rate.take(2, 0, 1);
    expect([rate.allowed(2, 0, 'routine'), rate.allowed(2, 0, 'urgent')]).toEqual([0, reserveFrames]);
    expect([rate.waitMs(2, 0, 1, 'routine'), rate.waitMs(2, 0, 1, 'urgent')]).toEqual([100, 0]);
  });

  it('allowed(): each interface has a rate of its own', () => {
    const rate = new PortRate(low);
    rate.take(2, 0, 1 + reserveFrames);
    expect([rate.allowed(2, 0, 'urgent'), rate.allowed(3, 0, 'urgent')]).toEqual([0, 1 + reserveFrames]);
  });

  it('whatever is asked for and when: no second has as many frames as shut a port with ARP inspection', () => {
    const wish = fc.record({
      afterMs: fc.integer({ min: 0, max: 400 }),
      frames: fc.integer({ min: 1, max: 8 }),
      urgency: fc.constantFrom('urgent' as const, 'routine' as const),
    });
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 60 }), (wishes) => {
        const rate = new PortRate(low);
        const sentAt: number[] = [];
        let now = 0;
        for (const { afterMs, frames, urgency } of wishes) {
          now += afterMs;
          const sent = Math.min(frames, rate.allowed(2, now, urgency));
          rate.take(2, now, sent);
          sentAt.push(...Array.from({ length: sent }, () => now));
        }
        for (const from of sentAt) {
          expect(sentAt.filter((at) => at >= from && at < from + 1000).length).toBeLessThan(shutAt);
        }
      }),
    );
  });
});
