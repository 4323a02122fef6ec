import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { unknownSilent } from '../../agent/ownership/spared.ts';
import { Group, poolOf } from './group.ts';
import { threeHosts } from './telling.ts';

describe('step(): silence, stalls and cuts', () => {
  it('after a stall one that was put out lets go before it says anything, and the merge finds it empty-handed', () => {
    const group = threeHosts();
    group.view('e1', 'e3'); // e2 stands still
    group.settle();
    group.story.length = 0;
    group.tell('e2', { kind: 'stalled' });
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.story).toEqual([
      'e2 hushes b',
      'e2 hushes e',
      'e2 releases b',
      'e2 releases e',
      'e1 announces b',
      'e3 announces e',
    ]);
    expect(group.held()).toBe('e1: a b d | e2: | e3: c e f');
  });

  it('one that the others moved on without lets go at once, and holds nothing in a view of its own', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.tell('e3', { kind: 'apart', members: [group.id('e2')] });
    group.advance();
    expect(group.held()).toBe('e1: a d | e2: b e | e3:');
    group.view('e1', 'e2');
    group.viewApart(['e3'], ['e2']);
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
    group.tell('e3', { kind: 'apart', members: [] });
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3: a b c d e f');
  });

  it('one that the others moved on without keeps what no other host may ever have', () => {
    const group = threeHosts(poolOf('abc', { only: { a: ['e3'], b: ['e2', 'e3'] } }));
    expect(group.held()).toBe('e1: c | e2: b | e3: a');
    group.story.length = 0;
    group.tell('e3', { kind: 'apart', members: [group.id('e2')] });
    group.settle();
    group.view('e1', 'e2');
    group.viewApart(['e3'], ['e2']);
    group.pass(10_000);
    expect(group.held()).toBe('e1: c | e2: b | e3: a');
    expect(group.story).toEqual([]);
  });

  it('one that stands back keeps what is left to it, claims nothing, and lets go when it is told so no more', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.tell('e3', { kind: 'apart', members: [group.id('e2')], spared: true });
    group.settle();
    group.view('e1', 'e2');
    group.viewApart(['e3'], ['e2'], 'spared');
    group.settle();
    expect(group.held().split(' | ')[2]).toBe('e3: c f');
    expect(group.story.filter((line) => line.startsWith('e3'))).toEqual([]);
    group.tell('e3', { kind: 'apart', members: [group.id('e2')], spared: false });
    group.settle();
    expect(group.held().split(' | ')[2]).toBe('e3:');
  });

  it('one that stands back keeps nothing that it got where those it stands back for were not', () => {
    const group = threeHosts();
    group.view('e2', 'e3');
    group.settle();
    expect(group.held().split(' | ')[2]).toMatch(/^e3: [ad] c f|c [ad] f|c f [ad]/);
    group.tell('e3', { kind: 'apart', members: [group.id('e1')], spared: true });
    group.settle();
    expect(group.held().split(' | ')[2]).toBe('e3: c f');
  });

  it('one that stands back for a leader that came later keeps what it got with those that are not with it now, and no more', () => {
    const group = threeHosts();
    group.view('e1', 'e2');
    group.view('e3'); // where it takes over the rest
    group.settle();
    expect(group.held()).toMatch(/e3: a b c d e f$/);
    group.die('e1');
    group.start('e1');
    group.view('e1', 'e2');
    group.settle();
    group.tell('e3', { kind: 'apart', members: [group.id('e1')], spared: true });
    group.settle();
    expect(group.held()).toMatch(/e3: c f( |$)/);
  });

  it('one that stood still takes no word that something is left to it', () => {
    const group = threeHosts();
    group.tell('e3', { kind: 'stalled' });
    group.tell('e3', { kind: 'apart', members: [group.id('e2')], spared: true });
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
  });

  it('one of a view that has to stand back hands its sets to the others in it', () => {
    const group = threeHosts();
    group.start('e4');
    group.story.length = 0;
    group.tell('e3', { kind: 'apart', members: [group.id('e4')] });
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3: | e4:');
    expect(group.story.filter((line) => line.endsWith(' c'))).toEqual([
      'e1 claims c',
      'e3 hushes c',
      'e3 releases c',
      'e1 announces c',
    ]);
    const reason = group.members.get('e1')?.assignments.get('c' as SetName)?.reason;
    expect(reason && describeReason(reason)).toMatch(/stands back for e4, which is in a view without it/);
  });

  it('what a silent host still answers for is left with it until it stops, and the rest is taken over', () => {
    const group = threeHosts();
    const silent = group.id('e3');
    for (const host of ['e1', 'e2']) group.tell(host, { kind: 'answering', members: new Set([silent]) });
    group.view('e1', 'e2');
    group.settle();
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
    const assignment = () => group.members.get('e2')?.assignments.get('c' as SetName);
    expect(assignment()?.owner).toBeNull();
    expect(describeReason(assignment()?.reason ?? { kind: 'found' })).toMatch(/e3 is silent but still answers for it/);
    for (const host of ['e1', 'e2']) group.tell(host, { kind: 'answering', members: new Set() });
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3: c f');
    expect(describeReason(assignment()?.reason ?? { kind: 'found' })).toMatch(/taken over: e3 is gone/);
  });

  it('one that leads and came after another fell silent hears what is left to it, and who comes later asks as well', () => {
    const group = new Group(poolOf('abcd', { hosts: 2, prefer: { a: ['e3'], b: ['e3'] } }));
    group.start('e2');
    group.start('e3');
    group.view('e2', 'e3');
    group.settle();
    const silent = group.id('e3');
    group.tell('e2', { kind: 'answering', members: new Set([silent]) });
    group.view('e2');
    group.settle();
    group.start('e1');
    group.onStep = () => {
      // What agent/core.ts does before anything else happens: it asks, and takes them for answering until it was in vain.
      for (const [host, state] of group.members) {
        const unknown = unknownSilent(state);
        const answering = new Set([...state.answering, ...unknown]);
        if (unknown.length > 0) group.members.set(host, { ...state, answering });
      }
    };
    group.view('e1', 'e2');
    group.settle();
    expect(group.members.get('e1')?.answering).toEqual(new Set([silent]));
    group.view('e1');
    group.settle();
    expect(group.held()).toBe('e2: c d | e3: a b | e1: c d');
    group.tell('e1', { kind: 'answering', members: new Set() });
    group.onStep = () => {};
    group.settle();
    expect(group.held()).toBe('e2: c d | e3: a b | e1: a b c d');
    expect(unknownSilent(group.members.get('e1') ?? expect.fail('e1 runs'))).toEqual([]);
  });

  it('a silent host that is heard again has what it had', () => {
    const group = threeHosts();
    const silent = group.id('e3');
    group.tell('e1', { kind: 'answering', members: new Set([silent]) });
    group.view('e1', 'e2');
    group.settle();
    group.tell('e1', { kind: 'answering', members: new Set() });
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
    expect(group.members.get('e1')?.assignments.get('c' as SetName)?.owner).toBe(silent);
  });

  it('a stall that nobody noticed ends with what it had', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.tell('e2', { kind: 'stalled' });
    group.pass(999);
    expect(group.story).toEqual(['e2 hushes b', 'e2 hushes e']);
    group.pass(1);
    expect(group.story.slice(2)).toEqual(['e2 announces b', 'e2 announces e']);
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
  });

  it('a stall of the whole machine, after which all go on together, lets go of nothing', () => {
    const group = threeHosts();
    group.story.length = 0;
    for (const host of ['e1', 'e2', 'e3']) group.tell(host, { kind: 'stalled' });
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.story.filter((line) => line.includes('releases'))).toEqual([]);
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
  });

  it('a claim that was under way when the channel was lost is taken back', () => {
    const group = new Group(poolOf('ab', { hosts: 1 }));
    group.start('e1');
    group.view('e1');
    while (!group.messages.some(({ message }) => message.kind === 'decision')) group.advance();
    group.tell('e1', { kind: 'lost' });
    group.settle();
    expect(group.story).toEqual(['e1 claims a', 'e1 claims b', 'e1 releases a', 'e1 releases b']);
    expect(group.held()).toBe('e1:');
  });

  it('releases what it holds when the channel is lost', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'lost' });
    group.settle();
    expect(group.held()).toBe('e1: | e2: b e | e3: c f');
  });
});
