import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { Command } from '../../agent/ownership/command.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { Group, poolOf } from './group.ts';

function threeHosts(pool = poolOf('abcdef')): Group {
  const group = new Group(pool);
  for (const host of ['e1', 'e2', 'e3']) group.start(host);
  group.view('e1', 'e2', 'e3');
  group.settle();
  return group;
}

describe('step(): stories', () => {
  it('spreads six sets 2/2/2 as soon as the hosts of the file are there', () => {
    expect(threeHosts().held()).toBe('e1: a d | e2: b e | e3: c f');
  });

  it('waits at a cold start until it is mature, then serves alone', () => {
    const group = new Group(poolOf('ab'), { matureMs: 1_000 });
    group.start('e1');
    group.view('e1');
    group.pass(999);
    expect(group.held()).toBe('e1:');
    group.pass(1);
    expect(group.held()).toBe('e1: a b');
  });

  it('a host that joins and leads at once knows why, and since when, the others have what they have', () => {
    const group = threeHosts();
    group.die('e1');
    group.view('e2', 'e3');
    group.pass(60_000);
    group.start('e1');
    group.view('e1', 'e2', 'e3');
    group.pass(5_000);
    for (const host of ['e1', 'e2', 'e3']) {
      const known = group.members.get(host)?.assignments.get('a' as SetName);
      expect(known && describeReason(known.reason)).toBe('taken over: e1 is gone; first by name');
      expect(known?.since).toBe(0);
    }
  });

  it('a host that joins a mature group is not waited with', () => {
    const group = threeHosts();
    group.die('e3');
    group.view('e1', 'e2');
    group.settle();
    group.die('e2');
    group.view('e1');
    group.settle();
    expect(group.held()).toBe('e1: a b c d e f');
  });

  it('takes over at once what a dead host had, and moves nothing else', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a b d | e3: c e f');
    expect(group.story).toEqual(['e1 claims b', 'e3 claims e']);
    const reason = group.members.get('e1')?.assignments.get('b' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe('taken over: e2 is gone; first by name');
  });

  it('has nothing written to the disk by a takeover: that may take longer than anybody waits', () => {
    const group = threeHosts();
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.memories.size).toBe(0);
  });

  it('the survivors decide on what they know, without a round of reports', () => {
    const group = threeHosts();
    group.messages.length = 0;
    group.die('e2');
    group.view('e1', 'e3');
    while (!group.messages.some(({ message }) => message.kind === 'decision')) group.advance();
    expect(group.messages.map(({ sender, message }) => `${sender} ${message.kind}`)).toEqual([
      'e1 report',
      'e1 decision',
    ]);
  });

  it('moves nothing when an owner returns', () => {
    const group = threeHosts();
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    group.story.length = 0;
    group.start('e2');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a b d | e3: c e f | e2:');
    expect(group.story).toEqual([]);
  });

  it('balances on demand with the least movement, make before break, and answers when it is done', () => {
    const group = threeHosts();
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    group.start('e2');
    group.view('e1', 'e2', 'e3');
    group.settle();
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

  it('a claim that fails goes to another host, with the reason, and is offered again later', () => {
    const group = new Group(poolOf('abc'));
    for (const host of ['e1', 'e2', 'e3']) group.start(host);
    group.refuses.set('e1 a', 'Cannot add 192.0.2.1/24 to eth0: EPERM');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e2: a b | e3: c');
    const reason = group.members.get('e3')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe(
      'handed over: e1 cannot hold it (Cannot add 192.0.2.1/24 to eth0: EPERM); first by name',
    );
    group.refuses.clear();
    group.pass(10_000);
    group.tell('e1', { kind: 'command', id: 1, command: { kind: 'balance' } });
    group.settle();
    expect(group.held()).toBe('e1: a | e2: b | e3: c');
  });

  it('a set that nobody can hold is with nobody, and says why', () => {
    const group = threeHosts(poolOf('a'));
    for (const host of ['e1', 'e2', 'e3']) {
      group.tell(host, { kind: 'unable', sets: new Map([['a' as SetName, 'interface eth0 is down']]) });
    }
    group.settle();
    expect(group.held()).toBe('e1: | e2: | e3:');
    const reason = group.members.get('e2')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toContain(
      'no host may hold it: e1 cannot hold it (interface eth0 is down); e2',
    );
    group.tell('e2', { kind: 'unable', sets: new Map() });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a | e3:');
  });

  it('a set for two hosts is with nobody while both are gone, says so, and comes back with the first of them', () => {
    const group = threeHosts(poolOf('ab', { only: { a: ['e1', 'e2'] } }));
    group.die('e1');
    group.die('e2');
    group.view('e3');
    group.settle();
    expect(group.held()).toBe('e3: b');
    const reason = group.members.get('e3')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe('no host may hold it: e3 is not one of e1, e2');
    group.start('e2');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e3: b | e2: a');
  });

  it('sets that are apart stay apart through a takeover, as far as there are hosts, and balance parts them again', () => {
    const group = threeHosts(poolOf('abc', { apart: { a: 'dns', b: 'dns' } }));
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a | e3: b c');
    group.die('e3');
    group.view('e1');
    group.settle();
    group.start('e3');
    group.view('e1', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a b c | e3:');
    group.tell('e1', { kind: 'command', id: 1, command: { kind: 'balance' } });
    group.settle();
    expect(group.held()).toBe('e1: b c | e3: a');
  });

  it('moves a set back to a preferred host that has been there for long enough, make before break', () => {
    const group = threeHosts(poolOf('ab', { prefer: { a: ['e3', 'e2'] }, failbackMs: 300_000 }));
    group.die('e3');
    group.view('e1', 'e2');
    group.pass(1_000_000);
    expect(group.held()).toBe('e1: b | e2: a');
    group.start('e3');
    group.view('e1', 'e2', 'e3');
    group.pass(299_999);
    expect(group.held()).toBe('e1: b | e2: a | e3:');
    group.story.length = 0;
    group.pass(1);
    expect(group.held()).toBe('e1: b | e2: | e3: a');
    expect(group.story).toEqual(['e2 hushes a', 'e3 claims a', 'e2 releases a', 'e3 announces a']);
    const reason = group.members.get('e1')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe('moved back from e2; preferred');
  });

  it('counts the time for failback anew when the preferred host could not hold the set', () => {
    const group = threeHosts(poolOf('a', { prefer: { a: ['e3'] }, failbackMs: 60_000 }));
    const unable = (...sets: string[]) => new Map(sets.map((set) => [set as SetName, 'interface eth0 is down']));
    group.tell('e3', { kind: 'unable', sets: unable('a') });
    group.pass(100_000);
    expect(group.held()).toBe('e1: a | e2: | e3:');
    group.tell('e3', { kind: 'unable', sets: unable() });
    group.pass(59_999);
    expect(group.held()).toBe('e1: a | e2: | e3:');
    group.pass(1);
    expect(group.held()).toBe('e1: | e2: | e3: a');
  });

  it('fails back at once where that is asked for, also when the preferred host leads', () => {
    const group = threeHosts(poolOf('ab', { prefer: { a: ['e1'] }, failbackMs: 0 }));
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    group.start('e1');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e2: b | e3: | e1: a');
  });

  it('a preferred host whose kernel refuses the set is tried less and less often', () => {
    const group = threeHosts(poolOf('a', { prefer: { a: ['e1'] }, failbackMs: 0 }));
    group.refuses.set('e1 a', 'Cannot add 192.0.2.1/24 to eth0: EPERM');
    group.tell('e1', { kind: 'unable', sets: new Map([['a' as SetName, 'interface eth0 is down']]) });
    group.settle();
    group.tell('e1', { kind: 'unable', sets: new Map() });
    group.story.length = 0;
    group.pass(150_000);
    expect(group.held()).toBe('e1: | e2: a | e3:');
    const attempts = group.story.filter((line) => line === 'e1 fails to claim a');
    expect(attempts).toHaveLength(5); // at 0, 10, 30, 70, 150 s
    expect(group.story).not.toContain('e2 releases a');
  });

  const command = (group: Group, host: string, command: Command): void => {
    group.tell(host, { kind: 'command', id: 1, command });
    group.settle();
  };
  const move = (set: string, host: string): Command => ({ kind: 'move', set: set as SetName, host: host as HostName });
  const drain = (host: string): Command => ({ kind: 'drain', host: host as HostName });

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
    group.die('e3');
    group.view('e1', 'e2');
    group.settle();
    group.start('e3');
    group.view('e1', 'e2', 'e3');
    group.settle();
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

  it('frozen, nothing moves whatever happens, and thaw puts all right', () => {
    const group = threeHosts();
    command(group, 'e2', { kind: 'freeze' });
    expect(group.story.at(-1)).toBe('e2 done: ');
    group.story.length = 0;
    group.view('e1');
    group.view('e2', 'e3');
    group.settle();
    group.view('e1', 'e2', 'e3');
    group.settle();
    group.tell('e1', { kind: 'unable', sets: new Map([['a' as SetName, 'interface eth0 is down']]) });
    group.die('e3');
    group.view('e1', 'e2');
    group.pass(100_000);
    expect(group.held()).toBe('e1: a d | e2: b e');
    expect(group.story).toEqual([]);
    const reason = group.members.get('e2')?.assignments.get('c' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe('the group is frozen: nobody but e3 gets it before it is thawed');
    for (const wrong of [move('a', 'e2'), { kind: 'balance' } as const]) {
      command(group, 'e1', wrong);
      expect(group.story.at(-1)).toBe('e1 refuses: the group is frozen: holdfast thaw comes first');
    }
    command(group, 'e1', { kind: 'thaw' });
    expect(group.story.at(-2)).toMatch(/^e1 done: a handed over/);
    expect(group.held()).toBe('e1: c d f | e2: a b e');
  });

  it("frozen, halves that meet both keep what they hold, also what is the other one's, until the thaw", () => {
    const group = threeHosts();
    group.view('e1', 'e2');
    group.view('e3');
    group.settle();
    command(group, 'e1', { kind: 'freeze' });
    const held = 'e1: a c d | e2: b e f | e3: a b c d e f';
    expect(group.held()).toBe(held);
    group.story.length = 0;
    group.view('e1', 'e2', 'e3');
    group.pass(100_000);
    expect(group.members.get('e3')?.assignments.get('a' as SetName)?.owner).toBe(group.id('e1'));
    expect(group.held()).toBe(held);
    expect(group.story).toEqual([]);
    command(group, 'e2', { kind: 'thaw' });
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
  });

  it('frozen, a host that returns has what it had, also where it leads, and one that joins learns of the freeze', () => {
    const group = threeHosts();
    command(group, 'e3', { kind: 'freeze' });
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    group.memories.delete('e1');
    group.start('e1');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e2: b e | e3: c f | e1: a d');
    expect(group.members.get('e1')?.freeze.frozen).toBe(true);
  });

  it('a freeze outlives the restart of all', () => {
    const group = threeHosts();
    command(group, 'e2', { kind: 'freeze' });
    for (const host of ['e1', 'e2', 'e3']) group.die(host);
    for (const host of ['e1', 'e2', 'e3']) group.start(host);
    group.view('e1', 'e2', 'e3');
    group.pass(100_000);
    expect(group.held()).toBe('e1: | e2: | e3:');
    command(group, 'e1', { kind: 'thaw' });
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
    expect([...group.memories.values()].map(({ freeze }) => freeze)).toEqual(
      Array(3).fill({ frozen: false, changes: 2 }),
    );
  });

  it('frozen, one that leaves releases at once: nobody will take what it has', () => {
    const group = threeHosts();
    command(group, 'e2', { kind: 'freeze' });
    group.tell('e1', { kind: 'leave' });
    group.settle();
    expect(group.story.at(-1)).toBe('e1 has left');
    expect(group.held()).toBe('e1: | e2: b e | e3: c f');
  });

  it('sides that were cut when one thawed agree on the newer word', () => {
    const group = threeHosts();
    command(group, 'e1', { kind: 'freeze' });
    group.view('e3');
    group.view('e1', 'e2');
    command(group, 'e1', { kind: 'thaw' });
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3: c f');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
    expect(group.members.get('e3')?.freeze).toEqual({ frozen: false, changes: 2 });
  });

  it('what was abandoned stays where it is, is given to nobody, and is free when the host is back', () => {
    const group = threeHosts();
    group.story.length = 0;
    command(group, 'e1', { kind: 'abandon' });
    expect(group.story).toEqual(['e1 done: ']);
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    group.die('e2');
    group.view('e3');
    group.settle();
    expect(group.held()).toBe('e3: b c e f');
    const reason = group.members.get('e3')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toMatch(/^e1 has abandoned it/);
    group.start('e2');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e3: b c e f | e2:');
    command(group, 'e2', move('d', 'e2'));
    expect(group.held()).toBe('e3: b c e f | e2: d');
    group.start('e1');
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e3: b c e f | e2: d | e1: a');
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

  it('members with different files: each gets only what it has in its own, and nothing is touched before that is known', () => {
    const group = new Group(poolOf('abc', { hosts: 2 }));
    group.start('e1');
    group.start('e2', { ...poolOf('ab', { hosts: 2 }), version: 'v2' });
    group.view('e2');
    group.settle();
    expect(group.held()).toBe('e1: | e2:');
    group.pass(1_000);
    expect(group.held()).toBe('e1: | e2: a b');
    group.story.length = 0;
    group.view('e1', 'e2');
    group.settle();
    expect(group.held()).toBe('e1: c | e2: a b');
    expect(group.story).toEqual(['e1 claims c']);
    command(group, 'e1', { kind: 'balance' });
    command(group, 'e1', move('c', 'e2'));
    expect(group.story.at(-1)).toBe('e1 refuses: e2 does not have it in its configuration');
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

  it('a handover whose new owner dies leaves the set where it was', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'leave' });
    while (!group.story.includes('e2 claims a')) group.advance();
    group.die('e2');
    group.view('e1', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e3: a b c d e f');
  });

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

  it('releases what it holds when the channel is lost', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'lost' });
    group.settle();
    expect(group.held()).toBe('e1: | e2: b e | e3: c f');
  });
});

/** Xorshift32: the same choices for the same seed. */
function chooser(seed: number): (count: number) => number {
  let x = seed;
  return (count) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % Math.max(1, count);
  };
}

describe('step(): laws', () => {
  const hosts = ['e1', 'e2', 'e3', 'e4'];
  const action = fc.oneof(
    fc.record({ kind: fc.constant('die' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('return' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('balance' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('order' as const), host: fc.constantFrom(...hosts), at: fc.nat(9) }),
    fc.record({ kind: fc.constant('split' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('advance' as const), host: fc.constantFrom(...hosts) }),
  );

  const orders: readonly Command[] = [
    { kind: 'freeze' },
    { kind: 'thaw' },
    { kind: 'drain', host: 'e1' as HostName },
    { kind: 'drain', host: 'e3' as HostName },
    { kind: 'undrain', host: 'e1' as HostName },
    { kind: 'move', set: 'a' as SetName, host: 'e2' as HostName },
    { kind: 'move', set: 'b' as SetName, host: 'e1' as HostName },
    { kind: 'unpin', set: 'a' as SetName },
  ];

  it('break before make: whatever dies and is ordered in between, no step sees a set in two kernels', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), fc.integer({ min: 1, max: 0x7fffffff }), (actions, seed) => {
        const group = new Group(poolOf('abcdefg', { hosts: 4, handover: 'break-before-make' }), {
          choose: chooser(seed),
        });
        group.onStep = () => {
          for (const set of 'abcdefg') {
            const holders = [...group.kernels].filter(([, kernel]) => kernel.has(set)).map(([host]) => host);
            if (holders.length > 1) throw new Error(`${set} on ${holders.join(', ')}`);
          }
        };
        for (const host of hosts) group.start(host);
        group.view(...hosts);
        group.settle();
        for (const { kind, host, ...rest } of actions) {
          if (kind === 'advance') for (let i = 0; i < 10; i++) group.advance();
          else if (kind === 'die' && group.members.size > 1) {
            group.die(host);
            group.view(...group.members.keys());
          } else if (kind === 'return' && !group.members.has(host)) {
            group.start(host);
            group.view(...group.members.keys());
          } else if (group.members.has(host)) {
            const command = kind === 'order' && 'at' in rest ? orders[rest.at % orders.length] : undefined;
            group.tell(host, { kind: 'command', id: 1, command: command ?? { kind: 'balance' } });
          }
        }
        group.pass(2_000);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever dies, splits, meets and is asked for in between: at rest every set is held once, and the load is fair after a balance', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), fc.integer({ min: 1, max: 0x7fffffff }), (actions, seed) => {
        const choose = chooser(seed);
        const group = new Group(poolOf('abcdefg', { hosts: 4 }), { choose });
        for (const host of hosts) group.start(host);
        group.view(...hosts);
        const order = (host: string, command: Command): void => group.tell(host, { kind: 'command', id: 1, command });
        for (const { kind, host, ...rest } of actions) {
          if (kind === 'advance') for (let i = 0; i < 10; i++) group.advance();
          else if (kind === 'balance' && group.members.has(host))
            group.tell(host, { kind: 'command', id: 1, command: { kind: 'balance' } });
          else if (kind === 'order' && group.members.has(host)) {
            order(host, orders[('at' in rest ? rest.at : 0) % orders.length] ?? { kind: 'thaw' });
          } else if (kind === 'split' && group.members.has(host)) {
            group.view(host);
            const rest = [...group.members.keys()].filter((name) => name !== host);
            if (rest.length > 0) group.view(...rest);
          } else if (kind === 'die' && group.members.size > 1) {
            group.die(host);
            group.view(...group.members.keys());
          } else if (kind === 'return' && !group.members.has(host)) {
            group.start(host);
            group.view(...group.members.keys());
          }
        }
        group.view(...group.members.keys());
        group.pass(2_000);
        const [first = ''] = group.members.keys();
        order(first, { kind: 'thaw' });
        for (const host of group.members.keys()) order(first, { kind: 'undrain', host: host as HostName });
        for (const set of 'abcdefg') order(first, { kind: 'unpin', set: set as SetName });
        group.pass(2_000);
        for (const set of 'abcdefg') {
          const holders = [...group.kernels].filter(([, kernel]) => kernel.has(set)).map(([host]) => host);
          expect(holders, `holders of ${set}`).toHaveLength(1);
        }
        group.tell(first, { kind: 'command', id: 2, command: { kind: 'balance' } });
        group.pass(2_000);
        const loads = [...group.kernels.values()].map((kernel) => kernel.size);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
