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
});
