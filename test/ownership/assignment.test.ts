import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HostName, type InstantMs, type MemberId, memberId } from '../../agent/membership/view.ts';
import { type AssignmentInput, assign } from '../../agent/ownership/assignment.ts';
import type { Candidate } from '../../agent/ownership/candidates.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Holder } from '../../agent/ownership/keeper.ts';
import type { Assignment } from '../../agent/ownership/message.ts';
import { type BalanceOrder, noOrders } from '../../agent/ownership/orders.ts';
import { Placement } from '../../agent/ownership/placement.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { poolOf } from './group.ts';

type Case = {
  readonly sets: string;
  readonly hosts: readonly string[];
  readonly holds?: Record<string, string>;
  readonly sides?: Record<string, string>;
  readonly unable?: Record<string, string>;
  readonly leaving?: readonly string[];
  readonly prefer?: Record<string, string[]>;
  readonly only?: Record<string, string[]>;
  readonly apart?: Record<string, string>;
  readonly weights?: Record<string, number>;
  /** 'round': as many moves as it takes, but by itself. */
  readonly mode?: 'sticky' | 'balance' | 'round';
  readonly mature?: boolean;
  readonly witness?: string;
  readonly damped?: readonly string[];
  readonly minority?: string;
  readonly fenced?: boolean;
};

const idOf = (host: string): MemberId => memberId(host as HostName, '0'.repeat(32));

function inputOf(given: Case): AssignmentInput {
  const { prefer = {}, only = {}, apart = {}, weights = {} } = given;
  const pool = poolOf(given.sets, { prefer, only, apart, weights });
  const members = given.hosts.map(idOf);
  const id = { counter: 5, leader: idOf('e1') };
  const holders = new Map<SetName, Holder[]>();
  for (const [host, sets] of Object.entries(given.holds ?? {})) {
    for (const set of sets as Iterable<SetName>) {
      const side = given.sides?.[host] ?? 'ours';
      const sideSize = side === 'ours' ? 2 : 1;
      const holder = {
        member: idOf(host),
        grant: { view: { ...id, counter: 4 }, n: 1 },
        pinned: false,
        side,
        sideSize,
      };
      holders.set(set, [...(holders.get(set) ?? []), holder]);
    }
  }
  const candidates = given.hosts.map(
    (host): Candidate => ({
      member: idOf(host),
      host: host as HostName,
      weight: given.weights?.[host] ?? 100,
      sets: new Set(given.sets) as Set<SetName>,
      unable: new Map([...(given.unable?.[host] ?? '')].map((set) => [set as SetName, 'interface eth0 is down'])),
      leaving: given.leaving?.includes(host) ?? false,
      drained: false,
      abandoning: false,
      witness: given.witness === host,
      damped: given.damped?.includes(host) ?? false,
      since: 0 as InstantMs,
      recovered: new Map(),
    }),
  );
  return {
    pool,
    view: { id, level: 1, members, together: members },
    candidates,
    holders,
    lettingGo: new Map(),
    previous: new Map(),
    decidedInView: false,
    mature: given.mature ?? true,
    orders: { ...noOrders, balance: balanceOf(given.mode) },
    frozen: false,
    waiting: new Map(),
    minority: given.minority ?? null,
    fenced: given.fenced ?? false,
    now: 0 as InstantMs,
    grant: { view: id, n: 1 },
  };
}

function balanceOf(mode: Case['mode']): BalanceOrder {
  if (mode === 'balance') return { kind: 'asked' };
  return mode === 'round' ? { kind: 'round', movesMax: 100 } : { kind: 'none' };
}

/** `a:e1 b:e2 c:-` */
function brief(assignments: readonly Assignment[]): string {
  return assignments.map(({ set, owner }) => `${set}:${owner?.split('/')[0] ?? '-'}`).join(' ');
}

describe('Placement.choose()', () => {
  it('chooses as a plain sort by the rules would', () => {
    const host = fc.record({
      load: fc.nat(3),
      weight: fc.constantFrom(50, 100, 200),
      words: fc.nat(2),
      able: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(host, { minLength: 1, maxLength: 6 }),
        fc.shuffledSubarray(['e1', 'e2', 'e3']),
        fc.constantFrom('dns', null),
        (hosts, prefer, apart) => {
          const names = hosts.map((_, index) => `e${index + 1}`);
          const { pool, candidates } = inputOf({ sets: 'axy', hosts: names, prefer: { a: prefer }, only: {} });
          const [a, x, y] = pool.sets.map((set) => ({ ...set, apart: set.name === 'y' ? 'dns' : null }));
          if (a === undefined || x === undefined || y === undefined) throw new Error('three sets');
          const set = { ...a, apart };
          const given = candidates.map((candidate, index) => {
            const { weight = 1, able = false } = hosts[index] ?? {};
            return { ...candidate, weight, unable: new Map(able ? [] : [[set.name, 'interface eth0 is down']]) };
          });
          const placement = new Placement(given);
          hosts.forEach(({ load, words }, index) => {
            for (let i = 0; i < load; i++) placement.put(x, given[index]?.member ?? idOf(''));
            for (let i = 0; i < words; i++) placement.put(y, given[index]?.member ?? idOf(''));
          });
          const rank = (index: number): readonly number[] => {
            const { load = 0, weight = 1, words = 0 } = hosts[index] ?? {};
            const order = prefer.indexOf(names[index] ?? '');
            const priority = order === -1 ? prefer.length : order;
            return [apart === null ? 0 : words, priority, (load + words + 1) / weight, index];
          };
          const able = hosts.flatMap((each, index) => (each.able ? [index] : []));
          const [best] = able.sort((i, j) => {
            const [left, right] = [rank(i), rank(j)];
            return left.map((value, at) => value - (right[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
          });
          expect(placement.choose(set)?.member).toBe(best === undefined ? undefined : given[best]?.member);
        },
      ),
    );
  });
});

describe('assign(): who gets what', () => {
  it.each<[string, Case, string]>([
    ['spreads over equals', { sets: 'abcd', hosts: ['e1', 'e2', 'e3'] }, 'a:e1 b:e2 c:e3 d:e1'],
    ['gives nothing before it is mature', { sets: 'ab', hosts: ['e1'], mature: false }, 'a:- b:-'],
    [
      'keeps what is held before it is mature',
      { sets: 'ab', hosts: ['e1'], holds: { e1: 'a' }, mature: false },
      'a:e1 b:-',
    ],
    ['keeps owners however uneven', { sets: 'abc', hosts: ['e1', 'e2'], holds: { e1: 'abc' } }, 'a:e1 b:e1 c:e1'],
    ['fills from the least loaded', { sets: 'abcd', hosts: ['e1', 'e2'], holds: { e1: 'ab' } }, 'a:e1 b:e1 c:e2 d:e2'],
    ['goes by weight', { sets: 'abcdef', hosts: ['e1', 'e2'], weights: { e1: 200 } }, 'a:e1 b:e1 c:e2 d:e1 e:e1 f:e2'],
    [
      'prefers the named hosts in order',
      { sets: 'ab', hosts: ['e1', 'e2', 'e3'], prefer: { a: ['e3', 'e2'], b: ['e9', 'e2'] } },
      'a:e3 b:e2',
    ],
    [
      'is sticky against a preference',
      { sets: 'a', hosts: ['e1', 'e2'], holds: { e1: 'a' }, prefer: { a: ['e2'] } },
      'a:e1',
    ],
    [
      'a balance goes by preference first',
      { sets: 'ab', hosts: ['e1', 'e2'], holds: { e1: 'ab' }, prefer: { a: ['e2'] }, mode: 'balance' },
      'a:e2 b:e1',
    ],
    [
      'a balance moves the least',
      { sets: 'abcdef', hosts: ['e1', 'e2', 'e3'], holds: { e1: 'abcd', e2: 'ef' }, mode: 'balance' },
      'a:e3 b:e3 c:e1 d:e1 e:e2 f:e2',
    ],
    [
      'a balance goes by weight',
      { sets: 'abcd', hosts: ['e1', 'e2'], holds: { e1: 'abcd' }, weights: { e1: 300 }, mode: 'balance' },
      'a:e2 b:e1 c:e1 d:e1',
    ],
    [
      'a round by itself leaves a set where it is though another host is preferred',
      { sets: 'ab', hosts: ['e1', 'e2'], holds: { e1: 'a', e2: 'b' }, prefer: { a: ['e2'] }, mode: 'round' },
      'a:e1 b:e2',
    ],
    [
      'a round by itself separates',
      { sets: 'ab', hosts: ['e1', 'e2'], holds: { e1: 'ab' }, apart: { a: 'x', b: 'x' }, mode: 'round' },
      'a:e2 b:e1',
    ],
    [
      'a round by itself relieves a host though the preferred one has as much',
      {
        sets: 'abcdef',
        hosts: ['e1', 'e2', 'e3'],
        holds: { e1: 'abc', e2: 'def' },
        prefer: { a: ['e2'], b: ['e2'], c: ['e2'] },
        mode: 'round',
      },
      'a:e3 b:e1 c:e1 d:e3 e:e2 f:e2',
    ],
    ['nobody who is leaving', { sets: 'ab', hosts: ['e1', 'e2'], holds: { e1: 'ab' }, leaving: ['e1'] }, 'a:e2 b:e2'],
    ['nobody who cannot hold it', { sets: 'ab', hosts: ['e1', 'e2'], unable: { e1: 'a' } }, 'a:e2 b:e1'],
    ['only those that the set names', { sets: 'ab', hosts: ['e1', 'e2'], only: { a: ['e2'], b: ['e2'] } }, 'a:e2 b:e2'],
    ['nobody where none of them is there', { sets: 'ab', hosts: ['e1', 'e2'], only: { a: ['e3'] } }, 'a:- b:e1'],
    [
      'takes a set from one that may not own it',
      { sets: 'a', hosts: ['e1', 'e2'], holds: { e1: 'a' }, only: { a: ['e2'] } },
      'a:e2',
    ],
    [
      'keeps apart before priority and load',
      {
        sets: 'abc',
        hosts: ['e1', 'e2'],
        holds: { e2: 'a' },
        apart: { b: 'dns', c: 'dns' },
        prefer: { b: ['e1'], c: ['e1'] },
      },
      'a:e2 b:e1 c:e2',
    ],
    [
      'doubles up where there are too few hosts, evenly',
      { sets: 'abcd', hosts: ['e1', 'e2'], apart: { a: 'dns', b: 'dns', c: 'dns', d: 'dns' } },
      'a:e1 b:e2 c:e1 d:e2',
    ],
    [
      'a balance separates, and puts the load right after it',
      {
        sets: 'abcd',
        hosts: ['e1', 'e2'],
        holds: { e1: 'ab', e2: 'cd' },
        apart: { a: 'dns', b: 'dns' },
        mode: 'balance',
      },
      'a:e2 b:e1 c:e1 d:e2',
    ],
    [
      'a balance does not bring together for the load what is apart',
      { sets: 'abcd', hosts: ['e1', 'e2'], holds: { e1: 'acd', e2: 'b' }, apart: { a: 'x', b: 'x' }, mode: 'balance' },
      'a:e1 b:e2 c:e2 d:e1',
    ],
    [
      'nothing moves only to be kept apart',
      { sets: 'ab', hosts: ['e1', 'e2'], holds: { e1: 'ab' }, apart: { a: 'dns', b: 'dns' } },
      'a:e1 b:e1',
    ],
    ['a witness gets nothing', { sets: 'abc', hosts: ['e1', 'e2'], witness: 'e1' }, 'a:e2 b:e2 c:e2'],
    ['nobody without a majority', { sets: 'ab', hosts: ['e1'], holds: { e1: 'a' }, minority: 'cut' }, 'a:- b:-'],
    [
      'what is held goes on behind a fence, what is free waits',
      { sets: 'ab', hosts: ['e1'], holds: { e1: 'a' }, fenced: true },
      'a:e1 b:-',
    ],
    [
      'at a merge: the larger side',
      { sets: 'a', hosts: ['e1', 'e2'], holds: { e1: 'a', e2: 'a' }, sides: { e1: 'other' } },
      'a:e2',
    ],
    [
      'at a merge: the preferred one before the larger side',
      { sets: 'a', hosts: ['e1', 'e2'], holds: { e1: 'a', e2: 'a' }, sides: { e1: 'other' }, prefer: { a: ['e1'] } },
      'a:e1',
    ],
  ])('%s', (_, given, expected) => {
    expect(brief(assign(inputOf(given)))).toBe(expected);
  });

  it('names those who must release, and gives a new grant for it', () => {
    const [a] = assign(
      inputOf({ sets: 'a', hosts: ['e1', 'e2'], holds: { e1: 'a', e2: 'a' }, sides: { e2: 'other' } }),
    );
    expect(a?.releasing).toEqual([idOf('e2')]);
    expect(a?.grant.view.counter).toBe(5);
    expect(a && describeReason(a.reason)).toBe('kept when e2 held it too; larger side');
  });

  it('keeps the grant of a holder whom nobody contests', () => {
    const [a] = assign(inputOf({ sets: 'a', hosts: ['e1', 'e2'], holds: { e2: 'a' } }));
    expect(a?.grant.view.counter).toBe(4);
  });

  it('the same inputs in any order give the same answer', () => {
    const given = inputOf({
      sets: 'abcdefgh',
      hosts: ['e1', 'e2', 'e3', 'e4'],
      holds: { e1: 'abc', e3: 'd' },
      unable: { e2: 'ae' },
    });
    const expected = assign(given);
    fc.assert(
      fc.property(fc.shuffledSubarray([...given.candidates], { minLength: 4 }), (candidates) => {
        expect(assign({ ...given, candidates })).toEqual(expected);
      }),
    );
  });

  it('so does what is heard of holders, also of several of a set at a merge, and where all is balanced', () => {
    const hosts = ['e1', 'e2', 'e3', 'e4'];
    const holds = { e1: 'abcd', e2: 'cdef', e3: 'a', e4: 'aef' };
    const rules = {
      apart: { a: 'x', b: 'x', g: 'x' },
      prefer: { c: ['e4'], d: ['e2'] },
      sides: { e2: 'other', e4: 'third' },
    };
    for (const mode of ['sticky', 'balance', 'round'] as const) {
      const given = inputOf({ sets: 'abcdefgh', hosts, holds, ...rules, mode });
      const expected = assign(given);
      const entries = [...given.holders];
      const ofSet = (holders: readonly Holder[]) => fc.shuffledSubarray([...holders], { minLength: holders.length });
      const shuffled = fc
        .tuple(...entries.map(([set, holders]) => ofSet(holders).map((order) => [set, order] as const)))
        .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));
      fc.assert(
        fc.property(shuffled, (holders) => {
          expect(assign({ ...given, holders: new Map(holders) })).toEqual(expected);
        }),
      );
    }
  });

  it('whatever is held: a balance leaves a spread of at most one among equals, and moves no more than it must', () => {
    const hosts = ['e1', 'e2', 'e3'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...hosts), { minLength: 1, maxLength: 12 }), (owners) => {
        const sets = 'abcdefghijkl'.slice(0, owners.length);
        const holds: Record<string, string> = { e1: '', e2: '', e3: '' };
        owners.forEach((host, index) => {
          holds[host] += sets[index] ?? '';
        });
        const after = assign(inputOf({ sets, hosts, holds, mode: 'balance' }));
        const counts = hosts.map((host) => after.filter(({ owner }) => owner === idOf(host)).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        const moved = after.filter(({ owner }, index) => owner !== idOf(owners[index] ?? '')).length;
        const before = hosts.map((host) => holds[host]?.length ?? 0).sort((a, b) => b - a);
        const target = [...counts].sort((a, b) => b - a);
        expect(moved).toBe(before.reduce((sum, load, index) => sum + Math.max(0, load - (target[index] ?? 0)), 0));
      }),
    );
  });
});
