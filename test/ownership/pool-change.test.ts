import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { Group, poolOf } from './group.ts';

const hosts = ['e1', 'e2', 'e3'];

/** A file with these sets: another version for every other pool. */
function file(names: string, options: Parameters<typeof poolOf>[1] = {}): Pool {
  return { ...poolOf(names, options), version: JSON.stringify([names, options]) };
}

function serving(pool: Pool): Group {
  const group = new Group(pool);
  for (const host of hosts) group.start(host);
  group.view(...hosts);
  group.settle();
  group.story.length = 0;
  return group;
}

function reload(group: Group, pool: Pool, ...which: readonly string[]): void {
  for (const host of which) {
    group.reload(host, pool);
    group.settle();
  }
}

function reasonOf(group: Group, host: string, set: string): string | undefined {
  const reason = group.members.get(host)?.assignments.get(set as SetName)?.reason;
  return reason && describeReason(reason);
}

describe('step(): a pool that changes', () => {
  it('nothing is touched where nothing but the version differs', () => {
    const group = serving(file('abcdef'));
    reload(group, { ...file('abcdef'), version: 'v2' }, 'e3', 'e1', 'e2');
    expect([group.held(), group.story]).toEqual(['e1: a d | e2: b e | e3: c f', []]);
  });

  it.each([
    ['e1', 'e2', 'e3'],
    ['e3', 'e2', 'e1'],
  ])('a new set goes to who has it in its file, in the order %s %s %s, and stays there', (...order) => {
    const group = serving(file('abcdef'));
    reload(group, file('abcdefg'), ...order.slice(0, 1));
    expect(group.story).toEqual([`${order[0]} claims g`, `${order[0]} announces g`].slice(0, 1));
    reload(group, file('abcdefg'), ...order.slice(1));
    expect(group.story).toEqual([`${order[0]} claims g`]);
  });

  it.each([
    ['e1', 'e2', 'e3'],
    ['e3', 'e2', 'e1'],
  ])(
    'a removed set is released at once, in the order %s %s %s, served by who still has it in its file, and in the end by nobody',
    (...order) => {
      const group = serving(file('abcdef'));
      for (const [at, host] of order.entries()) {
        reload(group, file('abcde'), host);
        const holders = hosts.filter((each) => group.kernels.get(each)?.has('f'));
        expect(holders).toHaveLength(at === 2 ? 0 : 1);
        expect(order.slice(0, at + 1)).not.toContain(holders[0]);
      }
      expect(group.held()).toBe('e1: a d | e2: b e | e3: c');
      expect(group.story.filter((line) => !line.endsWith(' f'))).toEqual([]);
      for (const host of hosts) {
        expect(group.members.get(host)?.assignments.get('f' as SetName)?.owner).toBeNull();
        expect(reasonOf(group, host, 'f')).toContain('does not have it in its configuration');
      }
    },
  );

  it('a set that only a host has in its file which does not lead moves on with it, and a drain is answered', () => {
    const group = serving(file('abc'));
    reload(group, file('abcd'), 'e2', 'e3');
    expect(group.held()).toBe('e1: a | e2: b d | e3: c');
    group.tell('e2', { kind: 'command', id: 1, command: { kind: 'drain', host: 'e2' as HostName } });
    group.settle();
    expect(group.held()).toBe('e1: a b | e2: | e3: c d');
    expect(group.story.at(-1)).toBe('e2 done: ');
  });

  it('a set that is removed everywhere hinders no drain of its last owner', () => {
    const group = serving(file('abc'));
    reload(group, file('ab'), ...hosts);
    group.tell('e3', { kind: 'command', id: 1, command: { kind: 'drain', host: 'e3' as HostName } });
    group.settle();
    expect(group.story.at(-1)).toBe('e3 done: ');
  });

  it('a set that is removed everywhere is forgotten with the next decision', () => {
    const group = serving(file('abc'));
    reload(group, file('ab'), ...hosts);
    group.die('e3');
    group.view('e1', 'e2');
    group.settle();
    for (const host of ['e1', 'e2'])
      expect([...(group.members.get(host)?.assignments.keys() ?? [])]).toEqual(['a', 'b']);
  });

  it('a set that comes back goes where it may, whoever reads its file first', () => {
    const group = serving(file('abcdef'));
    reload(group, file('abcde'), ...hosts);
    reload(group, file('abcdef'), 'e3', 'e1', 'e2');
    expect(group.held()).toBe('e1: a d | e2: b e | e3: c f');
  });

  it('a set that is removed while it is claimed is let go when the kernel has it', () => {
    const group = serving(file('abc'));
    group.slow.add('e1');
    reload(group, file('abcd'), 'e1');
    reload(group, file('abc'), 'e1');
    expect(group.story).toEqual([]);
    group.tell('e1', { kind: 'claimed', sets: ['d' as SetName] });
    group.settle();
    expect(group.story).toEqual(['e1 releases d']);
  });

  it('what is excluded by a new "only" is handed over, and what is preferred waits for failback', () => {
    const group = serving(file('abc'));
    const only = file('abc', { only: { a: ['e2', 'e3'] } });
    reload(group, only, ...hosts);
    expect(group.held()).toBe('e1: | e2: a b | e3: c');
    expect(group.story.slice(0, 2)).toEqual(['e1 hushes a', 'e2 claims a']);
    reload(group, file('abc', { prefer: { a: ['e3'] }, failbackMs: 0 }), ...hosts);
    expect(group.held()).toBe('e1: | e2: b | e3: a c');
  });

  it('a host that only its own file excludes is given nothing by a coordinator that does not know the set', () => {
    const group = serving(file('abc'));
    reload(group, file('abcd', { only: { d: ['e2'] } }), 'e3', 'e2');
    expect(group.held()).toBe('e1: a | e2: b d | e3: c');
  });

  it('frozen, what is removed from a file stays until the thaw', () => {
    const group = serving(file('abc'));
    group.tell('e1', { kind: 'command', id: 1, command: { kind: 'freeze' } });
    group.settle();
    reload(group, file('ab'), ...hosts);
    expect(group.held()).toBe('e1: a | e2: b | e3: c');
    group.tell('e1', { kind: 'command', id: 2, command: { kind: 'thaw' } });
    group.settle();
    expect(group.held()).toBe('e1: a | e2: b | e3:');
  });

  it('nothing waits any more for a silent host whose set is in no file, once it has stopped answering', () => {
    const group = serving(file('abc'));
    const silent = new Set([group.id('e3')]);
    for (const host of ['e1', 'e2']) group.tell(host, { kind: 'answering', members: silent });
    group.view('e1', 'e2');
    group.settle();
    reload(group, file('ab'), 'e1', 'e2');
    expect(reasonOf(group, 'e2', 'c')).toMatch(/^e3 is silent but still answers for it/);
    for (const host of ['e1', 'e2']) group.tell(host, { kind: 'answering', members: new Set() });
    group.settle();
    for (const host of ['e1', 'e2']) expect(reasonOf(group, host, 'c')).toMatch(/^no host may hold it/);
  });

  it('a host that is added to the file counts for the majority', () => {
    const group = serving(file('abc', { majority: hosts }));
    group.pass(1_000);
    reload(group, file('abc', { majority: [...hosts, 'e4', 'e5', 'e6'] }), 'e1');
    expect(group.held()).toBe('e1: | e2: | e3:');
    reload(group, file('abc', { majority: hosts }), 'e1');
    group.pass(1_000);
    expect(group.held()).toBe('e1: a | e2: b | e3: c');
  });

  it('automatic balance that is switched on begins with its interval', () => {
    const group = serving(file('abcdef'));
    group.comesBack('e3');
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
    const auto = file('abcdef', { balance: { mode: 'auto', movesMax: 2, everyMs: 30_000 } });
    reload(group, auto, ...hosts);
    group.pass(29_999);
    expect(group.held()).toBe('e1: a c d | e2: b e f | e3:');
    group.pass(1);
    expect(group.kernels.get('e3')?.size).toBe(2);
  });

  it('whatever files are read in which order, while hosts die and return: at rest each set of the one file is held once, and no other', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            host: fc.constantFrom(...hosts),
            names: fc.subarray([...'abcdef'], { minLength: 1 }),
            what: fc.constantFrom('reload', 'reload', 'reload', 'return', 'steps'),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        fc.infiniteStream(fc.nat()),
        (events, choices) => {
          const group = new Group(file('abcdef'), { choose: (count) => Number(choices.next().value) % count });
          for (const host of hosts) group.start(host);
          group.view(...hosts);
          group.settle();
          const files = new Map(hosts.map((host) => [host, file('abcdef')]));
          for (const { host, names, what } of events) {
            if (what === 'reload') {
              files.set(host, file(names.join('')));
              group.reload(host, file(names.join('')));
            } else if (what === 'return') {
              group.die(host);
              group.view(...hosts.filter((each) => each !== host));
              for (let steps = 0; steps < names.length; steps++) group.advance();
              group.start(host, files.get(host));
              group.view(...hosts);
            } else for (let steps = 0; steps < names.length * 3; steps++) group.advance();
          }
          group.pass(5_000);
          for (const host of hosts) {
            for (const set of group.kernels.get(host) ?? []) {
              expect(files.get(host)?.sets.map(({ name }) => name as string)).toContain(set);
            }
          }
          const known = new Set([...files.values()].flatMap(({ sets }) => sets.map(({ name }) => name as string)));
          const held = hosts.flatMap((host) => [...(group.kernels.get(host) ?? [])]).sort();
          expect(held).toEqual([...known].sort());
        },
      ),
      { numRuns: 100 },
    );
  });
});
