import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { Group, poolOf } from './group.ts';
import { command, move, threeHosts } from './telling.ts';

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
    group.comesBack('e1');
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
});
