import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { doubtMs, TakeoverPriority, takeoverPriority } from '../../agent/channel/takeover-priority.ts';

let set: number[];
let takeover: TakeoverPriority;

beforeEach(() => {
  vi.useFakeTimers();
  set = [];
  takeover = new TakeoverPriority(30, (priority) => set.push(priority));
});

afterEach(() => {
  vi.useRealTimers();
});

describe('TakeoverPriority', () => {
  it('raises while a member is suspected, and no longer', () => {
    takeover.suspect(1);
    expect(set).toEqual([takeoverPriority]);
    takeover.suspect(0);
    expect(set).toEqual([takeoverPriority, 0]);
    vi.runAllTimers();
    expect(set).toHaveLength(2);
  });

  it('ends by time where the member stays silent, and begins anew with another one', () => {
    takeover.suspect(1);
    vi.advanceTimersByTime(229);
    expect(set).toEqual([takeoverPriority]);
    vi.advanceTimersByTime(1);
    expect(set).toEqual([takeoverPriority, 0]);
    takeover.suspect(2);
    takeover.suspect(1);
    vi.advanceTimersByTime(230);
    takeover.suspect(0);
    expect(set).toEqual([takeoverPriority, 0, takeoverPriority, 0]);
  });

  it('raises for as long as two may hold the same, also after a decision', () => {
    takeover.suspect(1);
    takeover.doubt();
    takeover.suspect(0);
    takeover.decided();
    vi.advanceTimersByTime(doubtMs - 1);
    expect(set).toEqual([takeoverPriority]);
    vi.advanceTimersByTime(1);
    expect(set).toEqual([takeoverPriority, 0]);
  });

  it('leaves an ordinary thread behind', () => {
    takeover.doubt();
    takeover.suspect(1);
    takeover.stop();
    takeover.stop();
    expect(set).toEqual([takeoverPriority, 0]);
  });
});
