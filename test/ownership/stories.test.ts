import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
    group.start('e2');
    group.view('e1', 'e2', 'e3');
    group.settle();
    group.story.length = 0;
    group.tell('e3', { kind: 'balance', id: 7 });
    group.settle();
    expect(group.held()).toBe('e1: b d | e3: e f | e2: a c');
    expect(group.story.filter((line) => line.endsWith(' a'))).toEqual([
      'e1 hushes a',
      'e2 claims a',
      'e1 releases a',
      'e2 announces a',
    ]);
    const answer = 'e3 balanced: a balanced: moved from e1; least loaded, c balanced: moved from e3; least loaded';
    expect(group.story).toContain(answer);
    for (const set of ['a', 'c']) {
      const released = group.story.findIndex((line) => line.endsWith(`releases ${set}`));
      expect(group.story.indexOf(answer)).toBeGreaterThan(released);
    }
  });

  it('a balance request survives the death of the coordinator', () => {
    const group = threeHosts();
    group.story.length = 0;
    group.tell('e3', { kind: 'balance', id: 1 });
    group.advance();
    group.die('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.story.at(-1)).toMatch(/^e3 balanced/);
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
    group.tell('e1', { kind: 'balance', id: 1 });
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
    group.tell('e1', { kind: 'balance', id: 1 });
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

  it('after a stall it lets go of everything before anything else, and the merge finds it empty-handed', () => {
    const group = threeHosts();
    group.view('e1', 'e3'); // e2 stands still
    group.settle();
    group.story.length = 0;
    group.tell('e2', { kind: 'stalled' });
    group.view('e1', 'e2', 'e3');
    group.settle();
    expect(group.story).toEqual(['e2 releases b', 'e2 releases e', 'e1 announces b', 'e3 announces e']);
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

  it('a stall that nobody noticed ends with what it had', () => {
    const group = threeHosts();
    group.tell('e2', { kind: 'stalled' });
    group.pass(999);
    expect(group.held()).toBe('e1: a d | e2: | e3: c f');
    group.pass(1);
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
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
    fc.record({ kind: fc.constant('split' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('advance' as const), host: fc.constantFrom(...hosts) }),
  );

  it('whatever dies, splits, meets and is asked for in between: at rest every set is held once, and the load is fair after a balance', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), fc.integer({ min: 1, max: 0x7fffffff }), (actions, seed) => {
        const choose = chooser(seed);
        const group = new Group(poolOf('abcdefg', { hosts: 4 }), { choose });
        for (const host of hosts) group.start(host);
        group.view(...hosts);
        for (const { kind, host } of actions) {
          if (kind === 'advance') for (let i = 0; i < 10; i++) group.advance();
          else if (kind === 'balance' && group.members.has(host)) group.tell(host, { kind: 'balance', id: 1 });
          else if (kind === 'split' && group.members.has(host)) {
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
        for (const set of 'abcdefg') {
          const holders = [...group.kernels].filter(([, kernel]) => kernel.has(set)).map(([host]) => host);
          expect(holders, `holders of ${set}`).toHaveLength(1);
        }
        const [first] = group.members.keys();
        group.tell(first ?? '', { kind: 'balance', id: 2 });
        group.pass(2_000);
        const loads = [...group.kernels.values()].map((kernel) => kernel.size);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
