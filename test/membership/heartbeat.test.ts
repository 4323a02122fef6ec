import { describe, expect, it } from 'vitest';
import { createMember } from '../../agent/membership/member-state.ts';
import { nextWakeup, step } from '../../agent/membership/step.ts';
import type { HostName, InstantMs } from '../../agent/membership/view.ts';
import { memberId } from '../../agent/membership/view.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../agent/wire/frame-message.ts';

/** From each heartbeat of a member that is alone to the next, ms. */
function intervalsOf(heartbeatMs: number, seed: number, count: number): readonly number[] {
  const options = {
    ...{ self: memberId('a' as HostName, '0'.repeat(32)), level: 1, heartbeatMs, detectMs: 3 * heartbeatMs, seed },
    ...{ expectedHosts: [], codec: { encode: encodeLinkMessage, decode: decodeLinkMessage } },
  };
  let state = createMember(options, 0 as InstantMs);
  const sentAt: number[] = [];
  while (sentAt.length <= count) {
    const now = nextWakeup(state) ?? (0 as InstantMs);
    const next = step(state, { kind: 'wakeup', now });
    state = next.state;
    if (next.effects.some(({ kind }) => kind === 'broadcast-heartbeat')) sentAt.push(now);
  }
  // The first view is news, which does not wait.
  return sentAt
    .slice(1)
    .map((at, index) => at - (sentAt[index] ?? 0))
    .slice(5);
}

describe('beat()', () => {
  it.each([5, 100, 10_000])('at %i ms: 0 to 25 %% less, at random (RFC 5880 §6.8.7)', (heartbeatMs) => {
    const shares = intervalsOf(heartbeatMs, 7, 1_000).map((interval) => interval / heartbeatMs);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.75 - 1e-9);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    for (let tenth = 0; tenth < 10; tenth++) {
      const low = 0.75 + tenth * 0.025;
      expect(shares.filter((share) => share >= low && share < low + 0.025).length, `from ${low}`).toBeGreaterThan(50);
    }
  });

  it('two members do not fall into step', () => {
    expect(intervalsOf(100, 1, 20)).not.toEqual(intervalsOf(100, 2, 20));
  });
});
