import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import { type Damping, dampedUntil, penaltyAt } from '../../agent/ownership/damping.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import type { Group } from './group.ts';
import { poolOf } from './group.ts';
import { command, drain, move, threeHosts } from './telling.ts';

const minute = 60_000;
const damping: Damping = { halfLifeMs: 15 * minute, suppress: 2_000, reuse: 750, ceiling: 12_000 };

/** The host loses its power so many times, and is back each time after a while. */
function flap(group: Group, host: string, times: number, others: readonly string[]): void {
  for (let time = 0; time < times; time++) {
    group.die(host);
    group.view(...others);
    group.settle();
    group.start(host);
    group.view(...others, host);
    group.settle();
  }
}

/** As `seenBy` has it, whole numbers. */
function penaltyOf(group: Group, host: string, seenBy: string): number {
  const known = group.members.get(seenBy)?.flaps.get(host as HostName);
  return known === undefined ? 0 : Math.round(penaltyAt(known, damping, group.now));
}

function isDamped(group: Group, host: string, seenBy: string): boolean {
  const state = group.members.get(seenBy);
  return state !== undefined && dampedUntil(state, host as HostName, group.now) !== null;
}

function reasonOf(group: Group, host: string, set: string): string {
  const reason = group.members.get(host)?.assignments.get(set as SetName)?.reason;
  return reason === undefined ? '' : describeReason(reason);
}

describe('withDepartures(): a host that leaves without a word', () => {
  it('is not counted where it has said that it restarts, and is the next time', () => {
    const group = threeHosts(poolOf('abcdef', { damping }));
    const member = group.id('e3');
    for (const host of ['e1', 'e2']) group.tell(host, { kind: 'restarting', member });
    flap(group, 'e3', 1, ['e1', 'e2']);
    expect(penaltyOf(group, 'e3', 'e1')).toBe(0);
    flap(group, 'e3', 1, ['e1', 'e2']);
    expect(penaltyOf(group, 'e3', 'e1')).toBe(1_000);
  });

  it('is damped above the threshold, and everybody knows, the host itself too', () => {
    const group = threeHosts(poolOf('abcdef', { damping }));
    flap(group, 'e3', 1, ['e1', 'e2']);
    for (const host of ['e1', 'e2', 'e3']) {
      expect(penaltyOf(group, 'e3', host)).toBe(1_000);
      expect(isDamped(group, 'e3', host)).toBe(false);
    }
    flap(group, 'e3', 1, ['e1', 'e2']);
    for (const host of ['e1', 'e2', 'e3']) {
      expect(penaltyOf(group, 'e3', host)).toBe(2_000);
      expect(isDamped(group, 'e3', host)).toBe(true);
    }
  });

  it('has its penalty halved in a half-life, and is free below the lower threshold', () => {
    const group = threeHosts(poolOf('abcdef', { damping }));
    flap(group, 'e3', 2, ['e1', 'e2']);
    group.pass(15 * minute);
    expect(penaltyOf(group, 'e3', 'e1')).toBe(1_000);
    expect(isDamped(group, 'e3', 'e1')).toBe(true); // once damped, until 750
    group.pass(7 * minute);
    expect(isDamped(group, 'e3', 'e1')).toBe(false);
  });

  it('is damped for no longer than the ceiling says, however often it left', () => {
    const group = threeHosts(poolOf('abcdef', { damping }));
    flap(group, 'e3', 30, ['e1', 'e2']);
    expect(penaltyOf(group, 'e3', 'e1')).toBe(12_000);
    group.pass(60 * minute);
    expect(isDamped(group, 'e3', 'e1')).toBe(false);
  });

  it('counts nothing where it said that it leaves, also where it is drained, and nothing where damping is off', () => {
    const group = threeHosts(poolOf('abc', { damping }));
    command(group, 'e3', drain('e3'));
    group.tell('e3', { kind: 'leave' });
    group.settle();
    flap(group, 'e3', 1, ['e1', 'e2']);
    expect(penaltyOf(group, 'e3', 'e1')).toBe(0);
    const off = threeHosts();
    flap(off, 'e3', 3, ['e1', 'e2']);
    expect(off.members.get('e1')?.flaps.size).toBe(0);
  });

  it('of a cut counts the smaller side only, on both sides, and neither of two halves', () => {
    const group = threeHosts(poolOf('abc', { damping }));
    group.view('e1');
    group.view('e2', 'e3');
    group.settle();
    group.view('e1', 'e2', 'e3');
    group.settle();
    for (const host of ['e1', 'e2', 'e3']) {
      expect(['e1', 'e2', 'e3'].map((name) => penaltyOf(group, name, host))).toEqual([1_000, 0, 0]);
    }
    const two = threeHosts(poolOf('abc', { damping }));
    two.die('e3');
    two.view('e1', 'e2');
    two.settle();
    two.view('e1');
    two.view('e2');
    two.settle();
    two.view('e1', 'e2');
    two.settle();
    expect(['e1', 'e2'].map((name) => penaltyOf(two, name, 'e1'))).toEqual([0, 0]);
  });

  it('one of two hosts counts when it is back as another run: it was no cut', () => {
    const group = threeHosts(poolOf('abc', { damping }));
    group.die('e3');
    group.view('e1', 'e2');
    group.settle();
    flap(group, 'e2', 2, ['e1']);
    expect(penaltyOf(group, 'e2', 'e1')).toBe(2_000);
    expect(isDamped(group, 'e2', 'e2')).toBe(true);
  });

  it('outlives each of those who counted', () => {
    const group = threeHosts(poolOf('abcdef', { damping }));
    flap(group, 'e3', 2, ['e1', 'e2']);
    for (const host of ['e1', 'e2']) {
      group.tell(host, { kind: 'leave' });
      group.settle();
      group.die(host);
      group.view(...group.members.keys());
      group.settle();
      group.start(host);
      group.view(...group.members.keys());
      group.settle();
    }
    for (const host of ['e1', 'e2', 'e3']) expect(isDamped(group, 'e3', host)).toBe(true);
  });
});

describe('assign(): a damped host', () => {
  it('gets nothing while another may have it, though it has less, is preferred, or is due by failback, and the reason says so', () => {
    const group = threeHosts(poolOf('abcdef', { damping, prefer: { a: ['e3'] }, failbackMs: 0 }));
    flap(group, 'e3', 2, ['e1', 'e2']);
    expect(group.held()).toBe('e1: a b d | e2: c e f | e3:');
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e1: a b d | e2: c e f | e3:');
    group.tell('e1', { kind: 'unable', sets: new Map([['a' as SetName, 'interface eth0 is down']]) });
    group.settle();
    expect(group.held()).toBe('e1: b d | e2: a c e f | e3:');
    expect(reasonOf(group, 'e3', 'a')).toBe('handed over: e1 cannot hold it (interface eth0 is down); not damped');
  });

  it('has what is due to it when it is free again', () => {
    const group = threeHosts(poolOf('ab', { damping, prefer: { a: ['e3'] }, failbackMs: 0 }));
    flap(group, 'e3', 2, ['e1', 'e2']);
    group.pass(20 * minute);
    expect(group.held()).toBe('e1: b | e2: a | e3:');
    group.pass(2 * minute);
    expect(group.held()).toBe('e1: b | e2: | e3: a');
  });

  it('is taken where there is no other, keeps what it has, and gets what an operator sends it', () => {
    const group = threeHosts(poolOf('abc', { damping, only: { a: ['e3'] } }));
    flap(group, 'e3', 2, ['e1', 'e2']);
    expect(group.held()).toBe('e1: b | e2: c | e3: a');
    command(group, 'e1', move('c', 'e3'));
    expect(group.held()).toBe('e1: b | e2: | e3: a c');
    flap(group, 'e2', 2, ['e1', 'e3']);
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e3: a c | e2: b'); // both are damped: as if none were
  });

  it('does not keep at a merge what an undamped host holds too', () => {
    const group = threeHosts(poolOf('ab', { damping, prefer: { a: ['e3'] } }));
    for (let time = 0; time < 2; time++) {
      group.view('e1', 'e2');
      group.view('e3');
      group.settle();
      group.view('e1', 'e2', 'e3');
      group.settle();
    }
    expect(isDamped(group, 'e3', 'e1')).toBe(true);
    expect(group.held()).toBe('e1: b | e2: a | e3:');
    expect(reasonOf(group, 'e1', 'a')).toBe('kept when e3 held it too; not damped');
  });
});
