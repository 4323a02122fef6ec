import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { poolOf } from './group.ts';
import { command, move, threeHosts } from './telling.ts';

describe('step(): merges', () => {
  it('at a merge the pinned holder keeps, against preference and the larger side', () => {
    const group = threeHosts(poolOf('a', { prefer: { a: ['e1'] } }));
    command(group, 'e1', move('a', 'e3'));
    group.view('e1', 'e2');
    group.view('e3');
    group.settle();
    expect(group.held()).toBe('e1: a | e2: | e3: a');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e2: | e3: a');
  });

  it('two halves that meet agree on one keeper, who announces again after the other has released', () => {
    const group = threeHosts();
    group.view('e1', 'e2');
    group.view('e3');
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3: a b c d e f');
    group.story.length = 0;
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
    const aboutA = group.story.filter((line) => line.endsWith(' a'));
    expect(aboutA).toEqual(['e1 announces a', 'e3 hushes a', 'e3 releases a', 'e1 announces a']);
    const reason = group.members.get('e3')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe('kept when e3 held it too; larger side');
  });

  it('one that let go where nobody heard it is no holder, though it leads: what another has stays there', () => {
    const group = threeHosts(poolOf('a'));
    group.view('e2', 'e3'); // e1 stands still
    group.settle();
    group.story.length = 0;
    group.tell('e1', { kind: 'stalled' });
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e2: a | e3:');
    expect(group.story).toEqual(['e1 hushes a', 'e1 releases a', 'e2 announces a']);
  });

  it('frozen, one that let go does not get back what another has', () => {
    const group = threeHosts(poolOf('a'));
    group.view('e2', 'e3'); // e1 stands still
    group.settle();
    group.tell('e1', { kind: 'stalled' });
    group.view('e1', 'e2', 'e3');
    group.tell('e2', { kind: 'command', id: 1, command: { kind: 'freeze' } });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a | e3:');
    expect(group.members.get('e1')?.assignments.get('a' as SetName)?.owner).toBe(group.id('e2'));
  });

  it('three that meet one after the other, before there is a decision, are three sides', () => {
    const group = threeHosts(poolOf('ab'));
    for (const host of ['e1', 'e2', 'e3']) group.view(host);
    group.settle();
    expect(group.held()).toBe('e1: a b | e2: a b | e3: a b');
    group.view('e1', 'e2');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a | e2: b | e3:');
    const reasons = ['a', 'b'].map((set) => group.members.get('e3')?.assignments.get(set as SetName)?.reason);
    expect(reasons.map((reason) => reason && describeReason(reason))).toEqual([
      'kept when e2, e3 held it too; first by name',
      'kept when e1, e3 held it too; first by name',
    ]);
  });

  it('the larger side keeps, also where it met another before there was a decision', () => {
    const group = threeHosts(poolOf('a'));
    group.view('e2', 'e3');
    group.view('e1');
    group.settle();
    expect(group.held()).toBe('e1: a | e2: a | e3:');
    group.view('e1', 'e2', 'e3');
    group.view('e2', 'e3');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e2: a | e3:');
  });
});
