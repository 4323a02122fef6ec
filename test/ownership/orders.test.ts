import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { Command } from '../../agent/ownership/command.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import { type Group, poolOf } from './group.ts';
import { command, drain, move, threeHosts } from './telling.ts';

const a = 'a' as SetName;
const c = 'c' as SetName;

describe('step(): orders', () => {
  it('balances on demand with the least movement, make before break, and answers when it is done', () => {
    const group = threeHosts();
    group.comesBack('e2');
    group.story.length = 0;
    group.tell('e3', { kind: 'command', id: 7, command: { kind: 'balance' } });
    group.settle();
    expect(group.held()).toBe('e1: b d | e3: e f | e2: a c');
    expect(group.story.filter((line) => line.endsWith(' a'))).toEqual([
      'e1 hushes a',
      'e2 claims a',
      'e1 releases a',
      'e2 announces a',
    ]);
    const answer = 'e3 done: a balanced: moved from e1; least loaded, c balanced: moved from e3; least loaded';
    expect(group.story).toContain(answer);
    for (const set of ['a', 'c']) {
      const released = group.story.findIndex((line) => line.endsWith(`releases ${set}`));
      expect(group.story.indexOf(answer)).toBeGreaterThan(released);
    }
  });

  it('a balance request survives the death of the coordinator', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.tell('e3', { kind: 'command', id: 1, command: { kind: 'balance' } });
    group.advance();
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.story.at(-1)).toMatch(/^e3 done: /);
  });

  it('a move pins: a balance leaves it, the loss of its host ends it', () => {
    const group = threeHosts(poolOf('abc'));
    command(group, 'e2', move('a', 'e3'));
    expect(group.held()).toBe('e1: | e2: b | e3: a c');
    expect(group.story.slice(-5)).toEqual([
      'e1 hushes a',
      'e3 claims a',
      'e1 releases a',
      'e2 done: a moved here by an operator, from e1',
      'e3 announces a',
    ]);
    command(group, 'e2', move('b', 'e3'));
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e1: c | e2: | e3: a b');
    group.comesBack('e3');
    expect(group.held()).toBe('e1: b c | e2: a | e3:');
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e1: c | e2: a | e3: b');
  });

  it('a pinned set moves again when it is unpinned', () => {
    const group = threeHosts(poolOf('ab', { prefer: { a: ['e1'] } }));
    command(group, 'e2', move('a', 'e3'));
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e1: | e2: b | e3: a');
    command(group, 'e1', { kind: 'unpin', set: 'a' as SetName });
    expect(group.story.at(-1)).toBe('e1 done: ');
    expect(group.members.get('e2')?.assignments.get('a' as SetName)?.pinned).toBe(false);
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e1: a | e2: b | e3:');
  });

  it.each<[string, Command, string]>([
    ['a host that is not there', move('a', 'e9'), 'e1 refuses: e9 is not in the view, which has e1, e2, e3'],
    ['a set that there is not', move('z', 'e2'), 'e1 refuses: there is no set z'],
    ['a host that cannot hold it', move('a', 'e3'), 'e1 refuses: e3 cannot hold it (interface eth0 is down)'],
    ['a drain of a host that is not there', drain('e9'), 'e1 refuses: e9 is not in the view, which has e1, e2, e3'],
  ])('refuses %s, and says why', (_, wrong, answer) => {
    const group = threeHosts(poolOf('ab'));
    group.tell('e3', { kind: 'unable', sets: new Map([['a' as SetName, 'interface eth0 is down']]) });
    group.settle();
    command(group, 'e1', wrong);
    expect(group.story.at(-1)).toBe(answer);
    expect(group.held()).toBe('e1: a | e2: b | e3:');
  });

  it('a move whose claim fails is answered with where the set is, and why', () => {
    const group = threeHosts(poolOf('ab'));
    group.refuses.set('e3 a', 'Cannot add 192.0.2.1/24 to eth0: EPERM');
    command(group, 'e2', move('a', 'e3'));
    expect(group.story.at(-1)).toMatch(
      /^e2 refuses: a did not get to e3; it is with e1: handed over: e3 cannot hold it/,
    );
  });

  it('a move survives the death of the coordinator, and that of its target is told', () => {
    const group = threeHosts(poolOf('abc'));
    group.tell('e3', { kind: 'command', id: 1, command: move('b', 'e3') });
    group.advance();
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e2: a | e3: b c');
    group.tell('e2', { kind: 'command', id: 2, command: move('a', 'e3') });
    while (!group.story.includes('e2 hushes a')) group.advance();
    group.die('e3');
    group.view('e2');
    group.settle();
    expect(group.held()).toBe('e2: a b c');
    expect(group.story.at(-1)).toMatch(/^e2 refuses: a did not get to e3; it is with e2/);
  });

  it('a drained host gives all away without a gap, gets nothing, also after a restart, until it is undrained', () => {
    const group = threeHosts();
    command(group, 'e3', drain('e1'));
    expect(group.held()).toBe('e1: | e2: a b e | e3: c d f');
    expect(group.story.at(-1)).toBe('e3 done: ');
    expect(group.story.indexOf('e1 releases a')).toBeGreaterThan(group.story.indexOf('e2 claims a'));
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    group.start('e1');
    group.view('e1', 'e2', 'e3');
    command(group, 'e2', { kind: 'balance' });
    expect(group.held()).toBe('e2: a b e | e3: c d f | e1:');
    command(group, 'e1', { kind: 'undrain', host: 'e1' as HostName });
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e2: b e | e3: d f | e1: a c');
  });

  it('a drain survives a view change and the death of the coordinator', () => {
    const group = threeHosts();
    group.tell('e3', { kind: 'command', id: 1, command: drain('e3') });
    group.advance();
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e2: a b c d e f | e3:');
    expect(group.story.at(-1)).toBe('e3 done: ');
  });

  it('a drained host keeps what no other may have, says so, and gives it to the first that may', () => {
    const group = threeHosts(poolOf('ab', { only: { a: ['e1', 'e2'] } }));
    group.tell('e2', { kind: 'unable', sets: new Map([['a' as SetName, 'interface eth0 is down']]) });
    command(group, 'e1', drain('e1'));
    expect(group.held()).toBe('e1: a | e2: b | e3:');
    expect(group.story.at(-1)).toBe(
      'e1 refuses: a stays on e1: no other host may hold it: e2 cannot hold it (interface eth0 is down); e3 is not one of e1, e2',
    );
    group.tell('e2', { kind: 'unable', sets: new Map() });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a b | e3:');
  });

  it('the drain of a host that dies of it is answered', () => {
    const group = threeHosts();
    group.tell('e2', { kind: 'command', id: 1, command: drain('e3') });
    while (!group.story.includes('e3 hushes c')) group.advance();
    group.die('e3');
    group.view('e1', 'e2');
    group.settle();
    expect(group.story).toContain('e2 refuses: e3 is gone');
    expect(group.held()).toBe('e1: a c d | e2: b e f');
  });

  it('a command that nobody carries out is answered in the end', () => {
    const group = threeHosts();
    group.tell('e2', { kind: 'command', id: 1, command: { kind: 'balance' } });
    group.advance();
    group.die('e1'); // and no new view ever comes
    group.pass(60_000);
    expect(group.story.at(-1)).toBe('e2 refuses: not done within 60 s: the host that leads has not decided');
  });

  it('balances by itself in bounded rounds while the group is at rest, and never a pin', () => {
    const group = threeHosts(poolOf('abcdef', { balance: { mode: 'auto', movesMax: 1, everyMs: 30_000 } }));
    group.die('e2');
    group.die('e3');
    group.view('e1');
    group.settle();
    for (const host of ['e2', 'e3']) group.start(host);
    group.view('e1', 'e2', 'e3');
    group.settle();
    command(group, 'e1', move('a', 'e1'));
    const spread = (): number[] => [...group.kernels.values()].map((kernel) => kernel.size);
    group.pass(29_999);
    expect(spread()).toEqual([6, 0, 0]);
    group.pass(1);
    expect(spread()).toEqual([5, 1, 0]);
    const reason = group.members.get('e1')?.assignments.get('b' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe('balanced: moved from e1; least loaded');
    group.pass(30_000);
    expect(spread()).toEqual([4, 1, 1]);
    command(group, 'e1', { kind: 'freeze' });
    group.pass(300_000);
    expect(spread()).toEqual([4, 1, 1]);
    command(group, 'e1', { kind: 'thaw' });
    group.pass(30_000);
    group.die('e3');
    group.view('e1', 'e2');
    group.settle();
    const before = spread();
    group.pass(29_999);
    expect(spread()).toEqual(before);
    group.pass(100_000);
    expect(group.held()).toBe('e1: a c f | e2: b d e');
  });

  it('a round of balance by itself is no failback, a balance that is asked for goes by preference', () => {
    const balance = { mode: 'auto', movesMax: 2, everyMs: 30_000 } as const;
    const group = threeHosts(poolOf('abc', { balance, prefer: { a: ['e3'] } }));
    expect(group.held()).toBe('e1: b | e2: c | e3: a');
    group.comesBack('e3');
    expect(group.held()).toBe('e1: a b | e2: c | e3:');
    command(group, 'e1', move('b', 'e3'));
    group.pass(300_000);
    expect(group.held()).toBe('e1: a | e2: c | e3: b');
    command(group, 'e1', { kind: 'unpin', set: 'b' as SetName });
    command(group, 'e1', { kind: 'balance' });
    expect(group.held()).toBe('e1: b | e2: c | e3: a');
  });

  it('a round of balance waits for one that is not over', () => {
    const group = threeHosts(poolOf('abcd', { balance: { mode: 'auto', movesMax: 1, everyMs: 30_000 } }));
    group.stuck.add('e1');
    command(group, 'e1', move('a', 'e2'));
    command(group, 'e1', move('c', 'e2'));
    expect(group.held()).toBe('e1: a d | e2: a b c | e3:');
    group.story.length = 0;
    group.pass(50_000);
    expect(group.story).toEqual([]);
    group.stuck.clear();
    group.kernels.get('e1')?.delete('a');
    group.tell('e1', { kind: 'released', sets: ['a' as SetName] });
    group.settle();
    expect(group.held()).toBe('e1: d | e2: a c | e3: b');
  });

  it('a pin does not outlive the restart of all: what the host had is given anew', () => {
    const group = threeHosts(poolOf('ab'));
    command(group, 'e1', move('a', 'e3'));
    expect(group.held()).toBe('e1: | e2: b | e3: a');
    for (const host of ['e1', 'e2', 'e3']) group.die(host);
    for (const host of ['e1', 'e2', 'e3']) group.start(host);
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a | e2: b | e3:');
    expect(group.members.get('e1')?.assignments.get('a' as SetName)?.pinned).toBe(false);
  });
});

/** Whether what was asked for is so, as every member sees it. */
type Outcome = (group: Group) => boolean;

function all(group: Group, holds: (state: OwnershipState) => boolean): boolean {
  return [...group.members.values()].every(holds);
}

function isEven(group: Group): boolean {
  const loads = [...group.kernels.values()].map((kernel) => kernel.size);
  return Math.max(...loads) - Math.min(...loads) <= 1;
}

const ordersOnE3: readonly [string, readonly Command[], Command, Outcome][] = [
  ['balance', [move('a', 'e3'), { kind: 'unpin', set: a }], { kind: 'balance' }, isEven],
  ['move', [], move('a', 'e3'), (group) => all(group, ({ assignments }) => assignments.get(a)?.pinned === true)],
  [
    'unpin',
    [move('a', 'e3')],
    { kind: 'unpin', set: a },
    (group) => all(group, ({ assignments }) => assignments.get(a)?.pinned === false),
  ],
  ['drain', [], drain('e2'), (group) => group.members.get('e2')?.drained === true && group.held().includes('e2: |')],
  [
    'undrain',
    [drain('e2')],
    { kind: 'undrain', host: 'e2' as HostName },
    (group) => group.members.get('e2')?.drained === false,
  ],
  ['freeze', [], { kind: 'freeze' }, (group) => all(group, ({ freeze }) => freeze.frozen)],
  ['thaw', [{ kind: 'freeze' }], { kind: 'thaw' }, (group) => all(group, ({ freeze }) => !freeze.frozen)],
  [
    'abandon',
    [],
    { kind: 'abandon' },
    (group) => all(group, ({ assignments }) => assignments.get(c)?.reason.kind === 'abandoned'),
  ],
];

describe('step(): every order is answered once, when it is done', () => {
  const begin = (before: readonly Command[], order: Command): Group => {
    const group = threeHosts(poolOf('abc'));
    for (const each of before) command(group, 'e1', each);
    group.story.length = 0;
    group.tell('e3', { kind: 'command', id: 1, command: order });
    group.advance();
    return group;
  };
  const answers = (group: Group): readonly string[] => group.story.filter((line) => /^e3 (done|refuses)/.test(line));

  it.each(ordersOnE3)('%s, though the host that leads dies of it', (_, before, order, isSo) => {
    const group = begin(before, order);
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(answers(group)).toEqual([expect.stringMatching(/^e3 done/)]);
    expect(isSo(group)).toBe(true);
  });

  it.each(ordersOnE3)('%s, though the view changes and nobody heard of it', (_, before, order, isSo) => {
    const group = begin(before, order);
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(answers(group)).toEqual([expect.stringMatching(/^e3 done/)]);
    expect(isSo(group)).toBe(true);
  });

  it.each(ordersOnE3)('%s, though the host that leads joined after it was asked for', (_, before, order, isSo) => {
    const group = begin(before, order);
    group.start('e0');
    group.view('e0', 'e1', 'e2', 'e3');
    group.settle();
    expect(answers(group)).toEqual([expect.stringMatching(/^e3 done/)]);
    expect(isSo(group)).toBe(true);
  });
});
