import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { Group, poolOf } from './group.ts';
import { command, move, threeHosts } from './telling.ts';

describe('step(): handovers', () => {
  it('one that leaves keeps every set until its new owner has it', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.onStep = () => {
      for (const set of 'abcdef') {
        expect(
          [...group.kernels.values()].some((kernel) => kernel.has(set)),
          `${set} is held`,
        ).toBe(true);
      }
    };
    group.tell('e1', { kind: 'leave' });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a b e | e3: c d f');
    expect(group.story.filter((line) => line.endsWith(' a'))).toEqual([
      'e1 hushes a',
      'e2 claims a',
      'e1 releases a',
      'e2 announces a',
    ]);
    expect(group.story).toContain('e1 has left');
    expect(group.story.indexOf('e1 has left')).toBeGreaterThan(group.story.indexOf('e1 releases d'));
  });

  it('the last one that leaves releases everything', () => {
    const group = new Group(poolOf('ab', { hosts: 1 }));
    group.start('e1');
    group.view('e1');
    group.settle();
    expect(group.held()).toBe('e1: a b');
    group.tell('e1', { kind: 'leave' });
    group.settle();
    expect(group.held()).toBe('e1:');
    expect(group.story.at(-1)).toBe('e1 has left');
  });

  it('break before make: the claim waits for the release, and nobody ever has it twice', () => {
    const group = threeHosts(poolOf('abc', { handover: 'break-before-make' }));
    group.onStep = () => expect([...group.kernels.values()].filter((kernel) => kernel.has('a')).length).toBeLessThan(2);
    group.story.length = 0;
    command(group, 'e3', move('a', 'e2'));
    expect(group.held()).toBe('e1: | e2: a b | e3: c');
    expect(group.story).toEqual(['e1 releases a', 'e2 claims a', 'e3 done: a moved here by an operator, from e1']);
  });

  it('break before make: the claim waits no longer for one that is gone', () => {
    const group = threeHosts(poolOf('abc', { handover: 'break-before-make' }));
    group.stuck.add('e1');
    command(group, 'e3', move('a', 'e2'));
    group.pass(10_000);
    expect(group.story).not.toContain('e2 claims a');
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e2: a b | e3: c');
  });

  it('break before make: a claim that fails after the set was given to another holds it up no longer', () => {
    const group = new Group(poolOf('a', { handover: 'break-before-make' }));
    for (const host of ['e1', 'e2', 'e3']) group.start(host);
    group.slow.add('e1');
    group.view('e1', 'e2', 'e3');
    group.settle();
    command(group, 'e3', move('a', 'e2'));
    expect(group.held()).toBe('e1: | e2: | e3:');
    group.tell('e1', { kind: 'claim-failed', set: 'a' as SetName, why: 'Cannot add 192.0.2.1/24 to eth0: EPERM' });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a | e3:');
  });

  it('break before make: a set that fails while it is being released is still said to be released', () => {
    const group = threeHosts(poolOf('a', { handover: 'break-before-make' }));
    group.stuck.add('e1');
    command(group, 'e3', move('a', 'e2'));
    group.tell('e1', { kind: 'claim-failed', set: 'a' as SetName, why: 'another station has it' });
    group.settle();
    expect(group.held()).toBe('e1: a | e2: | e3:');
    group.kernels.get('e1')?.delete('a');
    group.tell('e1', { kind: 'released', sets: ['a' as SetName] });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a | e3:');
  });

  it('break before make: one that is gone before it claimed leaves the set to the one that released it', () => {
    const group = threeHosts(poolOf('abc', { handover: 'break-before-make' }));
    group.tell('e3', { kind: 'command', id: 1, command: move('a', 'e2') });
    while (!group.story.includes('e1 releases a')) group.advance();
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a b | e3: c');
  });

  it('a handover whose new owner dies leaves the set where it was', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'leave' });
    while (!group.story.includes('e2 claims a')) group.advance();
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e3: a b c d e f');
  });

  it('one that leaves while the host that leads says nothing releases once, and goes', () => {
    const group = threeHosts();
    group.die('e1'); // and no new view comes
    group.story.length = 0;
    group.tell('e2', { kind: 'leave' });
    group.pass(4_999);
    expect(group.story).toEqual([]);
    group.pass(60_000);
    expect(group.story).toEqual(['e2 releases b', 'e2 releases e', 'e2 has left']);
  });
});
