import { describe, expect, it } from 'vitest';
import { type HostName, type InstantMs, memberId } from '../../agent/membership/view.ts';
import { noMemory } from '../../agent/ownership/freeze.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { mayClaim } from '../../agent/ownership/may-claim.ts';
import { initialOwnership, type OwnershipEvent, type OwnershipState } from '../../agent/ownership/state.ts';
import { step } from '../../agent/ownership/step.ts';
import { poolOf } from './group.ts';

const e1 = memberId('e1' as HostName, 'a1'.repeat(16));
const e2 = memberId('e2' as HostName, 'b2'.repeat(16));
const a = 'a' as SetName;
const now = 1_000 as InstantMs;

/** Own messages come back. */
function after(state: OwnershipState, event: OwnershipEvent): OwnershipState {
  const next = step(state, event);
  return next.effects.reduce(
    (before, effect) =>
      effect.kind === 'send' ? after(before, { kind: 'message', now, sender: e1, message: effect.message }) : before,
    next.state,
  );
}

/** Alone, mature, with the claim of its only set under way. */
function claiming(): OwnershipState {
  const fresh = initialOwnership({ self: e1, pool: poolOf('a'), matureMs: 0, memory: noMemory, now });
  const view = { id: { counter: 1, leader: e1 }, level: 1, members: [e1], together: [e1] };
  const state = after(after(fresh, { kind: 'view', now, view }), { kind: 'wakeup', now });
  expect(state.holdings.get(a)?.phase).toBe('claiming');
  return state;
}

describe('mayClaim()', () => {
  it('yes, while the decision in force says so', () => {
    expect(mayClaim(claiming(), a)).toBe(true);
    expect(mayClaim(claiming(), 'b' as SetName)).toBe(false);
  });

  it.each<[string, OwnershipEvent]>([
    ['the channel is lost', { kind: 'lost', now }],
    ['this host stood still', { kind: 'stalled', now }],
    ['this host leaves', { kind: 'leave', now }],
    ['it abandons what it holds', { kind: 'command', now, id: 1, command: { kind: 'abandon' } }],
  ])('no, when %s, and it is not claimed again at once', (_, event) => {
    const state = after(claiming(), event);
    expect(mayClaim(state, a)).toBe(false);
    const released = step(state, { kind: 'released', now, sets: [a] });
    expect(released.effects.filter(({ kind }) => kind === 'claim')).toEqual([]);
  });

  it('no, while it stands back for a member of its view', () => {
    const state = claiming();
    const view = { id: { counter: 1, leader: e1 }, level: 1, members: [e1, e2], together: [e1] };
    expect(mayClaim({ ...state, view, apart: [e2] }, a)).toBe(false);
  });
});
