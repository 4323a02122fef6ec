import { describe, expect, it } from 'vitest';
import type { Incarnation } from '../../agent/membership/identity.ts';
import type { Heartbeat } from '../../agent/membership/message.ts';
import { type HostName, memberId } from '../../agent/membership/view.ts';
import { calm, Network } from './network.ts';

describe('step(): standing back', () => {
  it('one that was left out learns it from who moved on, before it has a view of its own, and until it is taken in', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.partition(['a'], ['c']);
    network.runUntil(() => network.viewOf('b') === 'a,b', 1000);
    expect(network.runUntil(() => network.apartOf('c') === 'b', 1000)).toBeLessThan(3);
    expect(network.viewOf('c')).toBe('a,b,c');
    network.runFor(1000);
    expect(network.viewOf('c')).toBe('c');
    expect(['a', 'b', 'c'].map((host) => network.apartOf(host))).toEqual(['', '', 'b']);
    expect(network.aparts).toEqual(['c: b']);
    network.heal();
    network.runFor(1000);
    expect(['a', 'b', 'c'].map((host) => network.apartOf(host))).toEqual(['', '', '']);
  });

  it('has what it had until those who lost it have decided, and as they decide then', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'], asksFirst: true });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    for (const other of ['a', 'b']) network.cut('c', other);
    network.runUntil(() => network.stateOf('a').undecided.length > 0, 1000);
    network.spare('a'); // on its way when the next view comes: of that it says nothing
    const left: string[] = [];
    network.runUntil(() => {
      const { apart, spared } = network.stateOf('c');
      if (apart.length > 0 && !spared) left.push(network.apartOf('c'));
      return network.apartOf('c') === 'a,b';
    }, 1000);
    network.runFor(500);
    expect([left, network.stateOf('c').spared]).toEqual([[], true]);
    network.spare('a', 'c');
    network.runFor(500);
    expect(network.stateOf('c').spared).toBe(true);
    network.spare('a');
    network.runFor(500);
    expect(network.stateOf('c').spared).toBe(false);
  });

  it('has what it had until all know that it is taken in again', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const network = new Network({ seed, hosts: ['a', 'b', 'c'], heartbeatMs: 10, detectMs: 25, asksFirst: true });
      network.weather = { ...calm, delayMsMax: 4 };
      network.start('a', 'b', 'c');
      network.runFor(300 + seed);
      for (const other of ['a', 'b']) network.cut('c', other);
      const left: string[] = [];
      const look = (): void => {
        const { apart, spared } = network.stateOf('c');
        if (apart.length > 0 && !spared) left.push(network.apartOf('c'));
      };
      network.runUntil(() => {
        look();
        return network.viewOf('a') === 'a,b';
      }, 1000);
      network.heal();
      network.runUntil(() => {
        look();
        return ['a', 'b', 'c'].every((host) => network.viewOf(host) === 'a,b,c' && network.apartOf(host) === '');
      }, 1000);
      expect([seed, network.viewOf('b'), left]).toEqual([seed, 'a,b,c', []]);
    }
  });

  it('has nothing left of what it gave up before it left', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'], asksFirst: true });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.leave('c');
    network.runUntil(() => network.viewOf('a') === 'a,b', 1000);
    expect(network.stateOf('a').undecided).toEqual([]);
  });

  it('keeps what is left to it where its silence becomes that of both sides, whoever falls silent first', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const network = new Network({ seed, hosts: ['a', 'b', 'c'] });
      network.start('a', 'b', 'c');
      network.runFor(1000);
      for (const other of ['a', 'b']) {
        network.cut('c', other);
        network.spare(other, 'c');
      }
      network.runUntil(() => network.apartOf('c') === 'a,b', 1000);
      for (const other of ['a', 'b']) network.cut(other, 'c');
      const left: string[] = [];
      network.runUntil(() => {
        const { apart, spared } = network.stateOf('c');
        if (apart.length > 0 && !spared) left.push(network.apartOf('c'));
        return apart.length === 0;
      }, 1000);
      expect([network.apartOf('c'), left]).toEqual(['', []]);
    }
  });

  it('a newcomer that one of two does not hear has it from its first view on', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b');
    network.runFor(1000);
    network.partition(['a'], ['c']);
    network.start('c');
    network.runUntil(() => network.viewOf('c') === 'c', 1000);
    expect(network.apartOf('c')).toBe('b');
    expect(network.aparts).toEqual([]);
  });

  it('two views that meet and merge let go of nothing before', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.partition(['a', 'b'], ['c']);
    network.runFor(1000);
    network.heal();
    network.runFor(2000);
    expect(network.views()).toEqual(['a,b,c']);
    expect(network.aparts).toEqual([]);
  });

  it('two views that meet and cannot merge: the lesser stands back after the time that a merge may take', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.partition(['a', 'b'], ['c']);
    network.runFor(1000);
    network.heal();
    network.partition(['a'], ['c']);
    expect(network.runUntil(() => network.apartOf('c') === 'b', 2000)).toBeGreaterThan(600);
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('of two of whom %s does not reach %s the one that still hears stands back, the other serves', (from, to) => {
    const network = new Network({ seed: 1, hosts: ['a', 'b'] });
    network.start('a', 'b');
    network.runFor(1000);
    network.cut(from, to);
    network.runFor(2000);
    expect(network.apartOf(from)).toBe(to);
    expect(network.apartOf(to)).toBe('');
  });

  it('in a ring of one-way links somebody still serves', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ] as const)
      network.cut(from, to);
    network.runFor(2000);
    expect(network.views()).toEqual(['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((host) => network.apartOf(host))).toEqual(['', '', 'a']);
  });
});

describe('step(): the recording of a run that has ended', () => {
  it('makes nobody stand back who is in a view with the next run of its host, however large the view in it is', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b'] });
    network.start('a', 'b');
    network.runFor(1000);
    const run = (digit: string): Incarnation => digit.repeat(32) as Incarnation; // 32 hex digits
    const id = { counter: 1, leader: memberId('a' as HostName, '0'.repeat(32)) };
    const viewMembers = [run('0'), run('1'), run('2')];
    for (let number = 1; number <= 40; number += 1) {
      const heartbeat: Heartbeat = {
        ...{
          member: memberId('b' as HostName, run('1')),
          level: 1,
          number,
          intervalMs: 100,
          leaving: false,
          standsBack: false,
        },
        ...{ view: id, viewMembers, delivered: [0, 0, 0], promised: id, hears: [run('0'), run('2')], spares: [] },
        ...{ asks: false, echo: 0 },
      };
      network.replay(heartbeat, 'b', 'a');
      network.runFor(50);
    }
    expect(network.aparts).toEqual([]);
    expect(network.stalls).toEqual([]);
    expect(network.observer.viewsInstalled).toBe(2);
  });
});
