import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { Group, poolOf } from './group.ts';

function threeHosts(): Group {
  const group = new Group(poolOf('abcdef'));
  for (const host of ['e1', 'e2', 'e3']) group.start(host);
  group.view('e1', 'e2', 'e3');
  group.settle();
  return group;
}

describe('releasesToRepeat(): a release that its successor did not hear', () => {
  it('is said again when the views meet, and the owner announces once more', () => {
    const group = threeHosts();
    group.view('e1', 'e3'); // e2 is put out, and stands still
    group.settle();
    group.tell('e2', { kind: 'apart', members: [group.id('e1')] });
    group.settle(); // it lets go of everything in its old view
    group.story.length = 0;
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.story.sort()).toEqual(['e1 announces b', 'e3 announces e']);
  });

  it('is said again after a view in which nobody else heard it', () => {
    const group = threeHosts();
    group.view('e1', 'e3');
    group.settle();
    group.tell('e2', { kind: 'apart', members: [group.id('e1')] });
    group.settle();
    group.tell('e2', { kind: 'unable', sets: new Map('abcdef'.split('').map((set) => [set as SetName, 'no link'])) });
    group.view('e2');
    group.settle();
    group.story.length = 0;
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.story.sort()).toEqual(['e1 announces b', 'e3 announces e']);
  });
});

describe('announceAfter(): one that left before its last word came', () => {
  it('what it had is announced once more by its owner', () => {
    const group = threeHosts();
    group.tell('e2', { kind: 'leave' });
    while (!group.story.includes('e2 releases b')) group.advance();
    group.story.length = 0;
    group.die('e2');
    group.view('e1', 'e3'); // what was on its way is lost
    group.settle();
    expect(group.story).toContain('e1 announces b');
  });

  it('the same for one that was getting rid of it when the view before began', () => {
    const group = threeHosts();
    group.stuck.add('e2');
    group.tell('e2', { kind: 'leave' });
    group.settle();
    group.view('e1', 'e2', 'e3');
    group.settle();
    group.story.length = 0;
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.story.sort()).toEqual(['e1 announces b', 'e3 announces e']);
  });
});

describe('coordinate(): two that come from one view', () => {
  it('the one that was told last keeps, though what it has reported is older', () => {
    const group = new Group(poolOf('a', { prefer: { a: ['e2'] } }));
    for (const host of ['e1', 'e2', 'e3']) group.start(host);
    group.view('e2');
    group.view('e1');
    group.pass(1_000); // each serves alone; the grant of e1 is the later one
    group.view('e1', 'e2');
    const owner = () => group.members.get('e1')?.assignments.get('a' as SetName)?.owner;
    while (owner() !== group.id('e2')) group.advance();
    group.view('e3', 'e1', 'e2'); // before e2 could say so
    group.settle();
    expect(owner()).toBe(group.id('e2'));
    expect(group.held()).toBe('e1: | e2: a | e3:');
  });
});
