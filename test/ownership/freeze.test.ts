import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { command, move, threeHosts } from './telling.ts';

describe('step(): freeze and abandon', () => {
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

  it('frozen, nobody abandons; and an abandon that the group never took in is over once it is refused', () => {
    const group = threeHosts();
    command(group, 'e2', { kind: 'freeze' });
    command(group, 'e3', { kind: 'abandon' });
    expect(group.story.at(-1)).toBe('e3 refuses: the group is frozen: holdfast thaw comes first');
    command(group, 'e2', { kind: 'thaw' });
    group.tell('e2', { kind: 'command', id: 2, command: { kind: 'freeze' } });
    group.tell('e3', { kind: 'command', id: 2, command: { kind: 'abandon' } }); // which has not heard of it
    group.settle();
    group.pass(61_000);
    expect(group.story.at(-1)).toMatch(/^e3 refuses: not done within 60 s/);
    expect(group.members.get('e3')?.abandoning).toBe(false);
    command(group, 'e1', { kind: 'thaw' });
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
    command(group, 'e3', move('a', 'e3'));
    expect(group.held()).toBe('e1: d | e2: b e | e3: a c f');
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
});
