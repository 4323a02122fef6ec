import { describe, expect, it, vi } from 'vitest';
import { SharedTimer } from '../../agent/system/shared-timer.ts';

/** Node's own timers, on a clock that is moved by hand. */
function onManualTime(test: (timer: SharedTimer) => void): void {
  vi.useFakeTimers();
  try {
    test(new SharedTimer());
  } finally {
    vi.useRealTimers();
  }
}

describe('SharedTimer.every()', () => {
  it('runs each no more rarely than asked for, in turns of one timer', () =>
    onManualTime((timer) => {
      const ran: string[] = [];
      timer.every(100, () => ran.push('100'));
      timer.every(250, () => ran.push('250'));
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(400);
      expect(ran).toEqual(['100', '100', '250', '100', '100', '250']);
    }));

  it('goes on for the others, with their time, when one has ended', () =>
    onManualTime((timer) => {
      let rare = 0;
      const end = timer.every(10, () => {});
      timer.every(100, () => {
        rare += 1;
      });
      vi.advanceTimersByTime(250);
      expect(rare).toBe(2);
      end();
      vi.advanceTimersByTime(300);
      expect(rare).toBe(5);
    }));

  it('has no timer where there is nothing to do', () =>
    onManualTime((timer) => {
      timer.every(10, () => {})();
      expect(vi.getTimerCount()).toBe(0);
    }));
});
