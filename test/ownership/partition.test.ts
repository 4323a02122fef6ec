import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Handover, Pool } from '../../agent/ownership/pool.ts';
import { claimDelayMs, fenceMs } from '../../agent/ownership/quorum.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { Group, poolOf } from './group.ts';

const delayMs = 350;

function started(pool: Pool, ...hosts: readonly string[]): Group {
  const group = new Group(pool);
  for (const host of hosts) group.start(host);
  group.view(...hosts);
  group.pass(delayMs);
  group.story.length = 0;
  return group;
}

const threeHosts = (): Group => started(poolOf('abc', { majority: ['e1', 'e2', 'e3'] }), 'e1', 'e2', 'e3');

function reasonOf(group: Group, host: string, set: string): string {
  const reason = group.members.get(host)?.assignments.get(set as SetName)?.reason;
  return reason === undefined ? '' : describeReason(reason);
}

describe('step(): a majority serves', () => {
  it('a minority lets go as soon as its view says so, the others take over a moment later, with the reason', () => {
    const group = threeHosts();
    expect(group.held()).toBe('e1: a | e2: b | e3: c');
    group.view('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.held()).toBe('e1: | e2: b | e3: c');
    expect(reasonOf(group, 'e1', 'a')).toBe('this side has 1 of 3 hosts and needs 2: a majority elsewhere may serve');
    expect(reasonOf(group, 'e2', 'a')).toBe('waits a moment: e1 may be cut off, and has to let go first');
    group.pass(delayMs - 1);
    expect(group.held()).toBe('e1: | e2: b | e3: c');
    group.pass(1);
    expect(group.held()).toBe('e1: | e2: a b | e3: c');
    expect(reasonOf(group, 'e2', 'a')).toBe('taken over: e1 is gone; first by name');
  });

  it('when the minority is back nothing moves, also where it leads', () => {
    const group = threeHosts();
    group.view('e1');
    group.view('e2', 'e3');
    group.pass(delayMs);
    group.story.length = 0;
    group.view('e1', 'e2', 'e3');
    group.pass(10_000);
    expect(group.held()).toBe('e1: | e2: a b | e3: c');
    expect(group.story.filter((line) => !line.includes('announces'))).toEqual([]);
  });

  it('what the others did not get to before they met again waits for the moment too, whoever leads', () => {
    const group = threeHosts();
    for (const host of ['e1', 'e2', 'e3']) group.view(host);
    while (!group.story.includes('e1 releases a')) group.advance();
    group.view('e1', 'e2');
    group.pass(delayMs - 1);
    expect(group.held()).toBe('e1: | e2: | e3:');
    group.pass(1);
    expect(group.held()).toBe('e1: a c | e2: b | e3:');
  });

  it('what a host that is silent still answers for is not taken over, and at once when it has let go', () => {
    const group = threeHosts();
    const silent = group.id('e1');
    for (const host of ['e2', 'e3']) group.tell(host, { kind: 'answering', members: new Set([silent]) });
    group.view('e2', 'e3');
    group.pass(10 * delayMs);
    expect(group.held()).toBe('e1: a | e2: b | e3: c');
    expect(reasonOf(group, 'e2', 'a')).toMatch(/^e1 is silent but still answers for it/);
    group.view('e1'); // it notices late
    group.settle();
    for (const host of ['e2', 'e3']) group.tell(host, { kind: 'answering', members: new Set() });
    group.settle();
    expect(group.held()).toBe('e1: | e2: a b | e3: c');
  });

  describe('who was told of a set before the cut, and had not claimed it', () => {
    /** `a` goes from e3, whose kernel does not let go, to `to`. */
    const toldOf = (to: string, handover: Handover): Group => {
      const pool = poolOf('a', {
        majority: ['e1', 'e2', 'e3'],
        only: { a: ['e3', to] },
        prefer: { a: ['e3'] },
        handover,
      });
      const group = started(pool, 'e1', 'e2', 'e3');
      expect(group.kernels.get('e3')).toEqual(new Set('a'));
      group.stuck.add('e3');
      group.slow.add(to);
      group.tell('e3', { kind: 'leave' });
      group.settle();
      expect(group.members.get(to)?.assignments.get('a' as SetName)?.owner).toBe(group.id(to));
      return group;
    };

    it.each(['e1', 'e2'])('waits as long as anybody (%s; e1 leads)', (to) => {
      const group = toldOf(to, 'break-before-make');
      group.slow.clear();
      group.view('e1', 'e2');
      group.pass(delayMs - 1);
      expect(group.held()).toBe('e1: | e2: | e3: a');
      expect(reasonOf(group, 'e1', 'a')).toBe('waits a moment: e3 may be cut off, and has to let go first');
      group.pass(1);
      expect(group.kernels.get(to)).toEqual(new Set('a'));
      expect(reasonOf(group, 'e1', 'a')).toBe('taken over: e3 is gone; only candidate');
    });

    it.each(['e1', 'e2'])('waits while the group is frozen, and has it then (%s; e1 leads)', (to) => {
      const group = toldOf(to, 'break-before-make');
      group.slow.clear();
      group.tell('e1', { kind: 'command', id: 1, command: { kind: 'freeze' } });
      group.settle();
      group.view('e1', 'e2');
      group.pass(delayMs - 1);
      expect(group.held()).toBe('e1: | e2: | e3: a');
      group.pass(1);
      expect(group.kernels.get(to)).toEqual(new Set('a'));
    });

    it.each(['e1', 'e2'])('goes on with a claim that its kernel was asked for (%s; e1 leads)', (to) => {
      const group = toldOf(to, 'make-before-break');
      let told = 0;
      group.onStep = () => {
        const owner = group.members.get('e1')?.assignments.get('a' as SetName)?.owner;
        expect(owner).toBe(group.id(to));
        told += 1;
      };
      group.view('e1', 'e2');
      group.settle();
      expect(told).toBeGreaterThan(0);
      expect(group.members.get(to)?.holdings.get('a' as SetName)?.phase).toBe('claiming');
    });
  });

  it('exactly half is no majority, on neither side, whoever has the lowest name', () => {
    const hosts = ['e1', 'e2', 'e3', 'e4'];
    const group = started(poolOf('abcd', { majority: hosts, hosts: 4 }), ...hosts);
    group.view('e1', 'e2');
    group.view('e3', 'e4');
    group.pass(10_000);
    expect(group.held()).toBe('e1: | e2: | e3: | e4:');
  });

  it('one that lets go announces nothing, neither after a stall nor after one that left', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'stalled' });
    group.view('e1');
    group.view('e2', 'e3');
    group.settle();
    expect(group.story.filter((line) => line.startsWith('e1'))).toEqual(['e1 hushes a', 'e1 releases a']);
    const two = started(poolOf('ab', { majority: ['e1', 'e2'], hosts: 2 }), 'e1', 'e2');
    two.tell('e1', { kind: 'leave' });
    while (!two.story.includes('e1 releases a')) two.advance();
    two.story.length = 0;
    two.die('e1');
    two.view('e2');
    two.settle();
    expect(two.story).toEqual(['e2 releases a', 'e2 releases b']);
  });

  it('with a witness two hosts are enough, and the witness owns nothing', () => {
    const pool = poolOf('ab', { majority: ['e1', 'e2', 'w1'], witnesses: ['w1'] });
    const group = started(pool, 'e1', 'e2', 'w1');
    expect(group.held()).toBe('e1: a | e2: b | w1:');
    group.view('e1');
    group.view('e2', 'w1');
    group.pass(delayMs);
    expect(group.held()).toBe('e1: | e2: a b | w1:');
    group.view('e2');
    group.view('w1');
    group.pass(delayMs);
    expect(group.held()).toBe('e1: | e2: | w1:');
  });

  it('a host that fails after another still has a majority with what is left of a larger group', () => {
    const five = ['e1', 'e2', 'e3', 'e4', 'e5'];
    const group = started(poolOf('a', { majority: ['e1', 'e2', 'e3'] }), ...five);
    group.view('e1', 'e2'); // two of the file's three, but of five that were there
    group.view('e3', 'e4', 'e5');
    group.pass(delayMs);
    expect(group.held()).toBe('e1: | e2: | e3: a | e4: | e5:');
    group.view('e3', 'e4');
    group.view('e5');
    group.pass(delayMs);
    expect(group.held()).toBe('e1: | e2: | e3: | e4: | e5:');
  });

  it('a freeze does not keep a minority from letting go, and what it had waits for it', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'command', id: 1, command: { kind: 'freeze' } });
    group.settle();
    group.view('e1');
    group.view('e2', 'e3');
    group.pass(10_000);
    expect(group.held()).toBe('e1: | e2: b | e3: c');
    group.view('e1', 'e2', 'e3');
    group.pass(delayMs);
    expect(group.held()).toBe('e1: a | e2: b | e3: c');
  });

  it('a minority refuses a move, and a majority answers one after the moment it waits', () => {
    const group = threeHosts();
    group.view('e1');
    group.view('e2', 'e3');
    group.settle();
    group.story.length = 0;
    const move = { kind: 'move', set: 'a' as SetName, host: 'e1' as HostName } as const;
    group.tell('e1', { kind: 'command', id: 1, command: move });
    group.tell('e2', { kind: 'command', id: 2, command: { ...move, host: 'e3' as HostName } });
    group.settle();
    expect(group.story).toEqual(['e1 refuses: this side has 1 of 3 hosts and needs 2: a majority elsewhere may serve']);
    group.pass(delayMs);
    expect(group.held()).toBe('e1: | e2: b | e3: a c');
  });
});

describe('fenceMs(): the guard of a dead agent', () => {
  it('keeps until the others have noticed by silence alone, have waited their delay, and could claim', () => {
    expect(fenceMs(100, 300)).toBeGreaterThanOrEqual(300 + claimDelayMs(100) + 100);
    expect(fenceMs(10, 30)).toBeLessThan(500);
  });
});

describe('step(): laws of a majority', () => {
  const hosts = ['e1', 'e2', 'e3', 'e4', 'e5'];

  it('whatever is cut, heals, dies and returns: however late within the delay a minority notices, no set is ever on two sides, and a majority serves all', () => {
    let cuts = 0;
    const change = fc.record({
      sides: fc.array(fc.nat(2), { minLength: 5, maxLength: 5 }),
      restart: fc.option(fc.constantFrom(...hosts), { nil: null }),
      lateMs: fc.constantFrom(0, 100, delayMs - 1),
      waitMs: fc.constantFrom(0, 100, delayMs, 1_000),
      command: fc.constantFrom('none', 'freeze', 'thaw', 'balance'),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const group = started(poolOf('abc', { majority: hosts, hosts: 5 }), ...hosts);
        let sides: string[][] = [hosts];
        const check = (): void => {
          for (const set of 'abc') {
            const holders = hosts.filter((host) => group.kernels.get(host)?.has(set));
            const holding = sides.filter((side) => side.some((host) => holders.includes(host)));
            if (holding.length > 1) throw new Error(`${set} is held by ${holders.join(', ')}`);
          }
        };
        group.onStep = check;
        for (const { sides: side, restart, lateMs, waitMs, command } of changes) {
          if (restart !== null) {
            group.die(restart);
            group.start(restart);
          }
          sides = [0, 1, 2].map((n) => hosts.filter((_, at) => side[at] === n)).filter((list) => list.length > 0);
          const [largest = []] = sides.sort((a, b) => b.length - a.length);
          group.view(...largest);
          group.pass(lateMs);
          for (const list of sides.slice(1)) group.view(...list);
          group.settle();
          for (const list of sides.filter(({ length }) => length < 3)) {
            for (const host of list) expect([...(group.kernels.get(host) ?? [])]).toEqual([]);
          }
          if (largest.length >= 3 && sides.length > 1) cuts += 1;
          if (command !== 'none') {
            group.tell('e1', { kind: 'command', id: 1, command: { kind: command as 'freeze' | 'thaw' | 'balance' } });
          }
          group.pass(waitMs);
        }
        sides = [hosts];
        group.view(...hosts);
        group.tell('e1', { kind: 'command', id: 2, command: { kind: 'thaw' } });
        group.pass(2_000);
        for (const set of 'abc') {
          expect(hosts.filter((host) => group.kernels.get(host)?.has(set))).toHaveLength(1);
        }
      }),
      { numRuns: 60 },
    );
    expect(cuts).toBeGreaterThan(100);
  });
});
