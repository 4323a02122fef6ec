import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { WitnessWord } from '../../agent/ownership/isolation.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { Group, poolOf } from './group.ts';

const asking: Pool = { ...poolOf('ab', { hosts: 2 }), witnessAsked: true };
const isolated = 'this host hears no other, and no witness address answers: it may be cut off';

function say(group: Group, host: string, word: WitnessWord): void {
  group.tell(host, { kind: 'witness', word });
  group.settle();
}

/** Both are there, and both are answered. */
function twoHosts(pool = asking): Group {
  const group = new Group(pool);
  for (const host of ['e1', 'e2']) group.start(host);
  for (const host of ['e1', 'e2']) say(group, host, 'answers');
  group.view('e1', 'e2');
  group.pass(1_000);
  group.story.length = 0;
  return group;
}

function cut(group: Group): void {
  group.view('e1');
  group.view('e2');
  group.pass(1_000);
}

describe('step(): a witness address', () => {
  it('a host that is cut off from all lets go, with the reason; the other, which is answered, serves', () => {
    const group = twoHosts();
    expect(group.held()).toBe('e1: a | e2: b');
    cut(group);
    say(group, 'e1', 'silent');
    expect(group.held()).toBe('e1: | e2: a b');
    const reason = group.members.get('e1')?.assignments.get('a' as SetName)?.reason;
    expect(reason && describeReason(reason)).toBe(isolated);
    group.pass(60_000);
    expect(group.held()).toBe('e1: | e2: a b');
  });

  it('one that knew of the silence before lets go with the view that has nobody else', () => {
    const group = twoHosts();
    say(group, 'e1', 'silent');
    expect(group.held()).toBe('e1: a | e2: b');
    cut(group);
    expect(group.held()).toBe('e1: | e2: a b');
    expect(group.story.filter((line) => line.startsWith('e1'))).toEqual(['e1 releases a']);
  });

  it('when the cut heals, nothing moves, whoever leads and whatever the witness says', () => {
    const group = twoHosts();
    cut(group);
    say(group, 'e1', 'silent');
    group.story.length = 0;
    group.view('e1', 'e2');
    group.pass(10_000);
    say(group, 'e1', 'answers');
    say(group, 'e2', 'silent');
    group.pass(10_000);
    expect(group.held()).toBe('e1: | e2: a b');
    expect(group.story.filter((line) => !line.includes('announces'))).toEqual([]);
  });

  it('one that is still alone claims again when it is answered', () => {
    const group = twoHosts();
    group.die('e2');
    group.view('e1');
    say(group, 'e1', 'silent');
    expect(group.held()).toBe('e1:');
    say(group, 'e1', 'answers');
    expect(group.held()).toBe('e1: a b');
  });

  it('both sides serve where both are answered: only a majority tells them apart', () => {
    const group = twoHosts();
    cut(group);
    expect(group.held()).toBe('e1: a b | e2: a b');
  });

  it('under a majority an answer gives a minority nothing', () => {
    const group = twoHosts({ ...poolOf('ab', { hosts: 2, majority: ['e1', 'e2'] }), witnessAsked: true });
    cut(group);
    expect(group.held()).toBe('e1: | e2:');
  });

  it('a frozen host that is isolated lets go all the same, and refuses a move', () => {
    const group = twoHosts();
    cut(group);
    say(group, 'e1', 'silent');
    group.story.length = 0;
    const move = { kind: 'move', set: 'a' as SetName, host: 'e1' as HostName } as const;
    group.tell('e1', { kind: 'command', id: 1, command: move });
    group.settle();
    expect(group.story).toEqual([`e1 refuses: ${isolated}`]);
    const frozen = twoHosts();
    frozen.tell('e1', { kind: 'command', id: 1, command: { kind: 'freeze' } });
    frozen.settle();
    cut(frozen);
    say(frozen, 'e1', 'silent');
    expect(frozen.held()).toBe('e1: | e2: b');
  });

  it('a start alone claims nothing before the first answer, and does not wake up for it', () => {
    const group = new Group(asking);
    group.start('e1');
    group.view('e1');
    group.pass(60_000);
    expect(group.held()).toBe('e1:');
    say(group, 'e1', 'answers');
    expect(group.held()).toBe('e1: a b');
  });

  it('where none is configured, silence counts for nothing', () => {
    const group = twoHosts(poolOf('ab', { hosts: 2 }));
    cut(group);
    say(group, 'e1', 'silent');
    expect(group.held()).toBe('e1: a b | e2: a b');
  });
});
