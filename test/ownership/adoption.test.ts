import { describe, expect, it } from 'vitest';
import { type HostName, type InstantMs, memberId, type View } from '../../agent/membership/view.ts';
import { noMemory } from '../../agent/ownership/freeze.ts';
import { adoptedGrant, type SetName } from '../../agent/ownership/grant.ts';
import type { Message } from '../../agent/ownership/message.ts';
import { initialOwnership, type OwnershipEffect, type OwnershipState } from '../../agent/ownership/state.ts';
import { nextWakeup, step } from '../../agent/ownership/step.ts';
import { poolOf } from './group.ts';

const e1 = memberId('e1' as HostName, 'a1'.repeat(16));
const e2 = memberId('e2' as HostName, 'b2'.repeat(16));
const a = 'a' as SetName;
const b = 'b' as SetName;
const now = 1_000 as InstantMs;
const adopter = (): OwnershipState =>
  initialOwnership({ self: e1, pool: poolOf('ab'), matureMs: 60_000, memory: noMemory, adopted: [a], now });

function viewOf(counter: number, ...members: readonly (typeof e1)[]): View {
  return { id: { counter, leader: e1 }, level: 1, members, together: [e1] };
}

/** Own messages come back, and what is given to be said by the others comes first. */
function inView(before: OwnershipState, view: View, others: readonly [typeof e1, Message][] = []) {
  const effects: OwnershipEffect[] = [];
  let state = before;
  const take = (event: Parameters<typeof step>[1]): void => {
    const next = step(state, event);
    state = next.state;
    effects.push(...next.effects);
    for (const effect of next.effects) {
      if (effect.kind === 'send') take({ kind: 'message', now, sender: e1, message: effect.message });
    }
  };
  take({ kind: 'view', now, view });
  for (const [sender, message] of others) take({ kind: 'message', now, sender, message });
  return { state, effects };
}

describe('initialOwnership(): what a guard kept', () => {
  it('stays, unannounced, until somebody decides', () => {
    expect(adopter().holdings.get(a)).toEqual({ grant: adoptedGrant(e1), phase: 'giving' });
  });

  it('is kept and announced by a grant of this view where nobody else has it, also before the group is mature', () => {
    const { state, effects } = inView(adopter(), viewOf(1, e1));
    expect(state.holdings.get(a)).toEqual({ grant: { view: viewOf(1, e1).id, n: 1 }, phase: 'held' });
    expect(state.holdings.has(b)).toBe(false);
    expect(effects).toContainEqual({ kind: 'announce', sets: [a] });
    expect(effects.filter(({ kind }) => kind === 'claim' || kind === 'release')).toEqual([]);
  });

  it('under a majority goes when the time of its guard is over and no view has come', () => {
    const until = 1_500 as InstantMs;
    const options = { self: e1, pool: poolOf('ab'), matureMs: 60_000, memory: noMemory, now };
    const fenced = initialOwnership({ ...options, adopted: [a], adoptedUntil: until });
    expect(nextWakeup(fenced)).toBe(until);
    const early = step(fenced, { kind: 'wakeup', now: 1_499 as InstantMs });
    expect(early.effects).toEqual([]);
    const late = step(early.state, { kind: 'wakeup', now: until });
    expect(late.effects).toEqual([{ kind: 'release', sets: [a] }]);
    expect(late.state.holdings.get(a)?.phase).toBe('releasing');
    expect(nextWakeup(late.state)).toBe(late.state.matureAt);
    const inTime = step(fenced, { kind: 'view', now: 1_400 as InstantMs, view: viewOf(1, e1, e2) });
    expect(step(inTime.state, { kind: 'wakeup', now: until }).effects).toEqual([]);
  });

  it('goes to a member that holds it by a grant, and is released when that has claimed it anew', () => {
    const old = { view: { counter: 3, leader: e2 }, n: 2 };
    const report: Message = {
      ...(inView(adopter(), viewOf(4, e1)).effects.flatMap((effect) =>
        effect.kind === 'send' && effect.message.kind === 'report' ? [effect.message] : [],
      )[0] as Message & { kind: 'report' }), // its first message
      host: 'e2' as HostName,
      holds: [{ set: a, grant: old, pinned: false }],
    };
    const { state, effects } = inView(adopter(), viewOf(5, e1, e2), [[e2, report]]);
    expect(state.assignments.get(a)).toMatchObject({ owner: e2, releasing: [e1] });
    expect(state.holdings.get(a)?.phase).toBe('giving');
    expect(effects.filter(({ kind }) => kind === 'announce')).toEqual([]);

    const grant = state.assignments.get(a)?.grant ?? old;
    const claimed: Message = { kind: 'claimed', sets: [{ set: a, grant }] };
    const after = step(state, { kind: 'message', now, sender: e2, message: claimed });
    expect(after.state.holdings.get(a)?.phase).not.toBe('held');
    expect(after.effects.some(({ kind }) => kind === 'release' || kind === 'retire')).toBe(true);
  });
});
