import { describe, expect, it } from 'vitest';
import { isCritical } from '../../agent/membership/detector.ts';
import type { InstantMs } from '../../agent/membership/view.ts';
import { Network } from './network.ts';

describe('step(): suspects', () => {
  it('one that dies is suspected at half of the patience, and for as long as it is not heard again', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.suspicions.length = 0;
    network.crash('c');
    const diedAt = network.nowMs;
    network.runUntil(() => network.views().join('|') === 'a,b', 1000);
    expect(network.suspicions.map(({ host, suspects }) => `${host} ${suspects}`).sort()).toEqual(['a c', 'b c']);
    for (const { atMs } of network.suspicions) expect(atMs - diedAt).toBeLessThanOrEqual(150);
    network.runFor(120_000);
    expect(network.suspicions).toHaveLength(2);
    network.start('c');
    network.runFor(1000);
    const last = new Map(network.suspicions.slice(2).map(({ host, suspects }) => [host, suspects]));
    expect([...last].sort()).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'whom another member has lost is not waited for where it is missed as well, nor left alone with (seed %i)',
    (seed) => {
      const network = new Network({ seed, hosts: ['a', 'b', 'c'] });
      network.start('a', 'b', 'c');
      network.runFor(1000);
      const before = network.stateOf('a').view?.id.counter ?? 0;
      network.cut('b', 'c'); // c hears b for the last time a little sooner than a does
      network.runFor(90);
      network.crash('b');
      const heardBy = (host: string) => network.stateOf(host).peers.find((peer) => peer.host === 'b')?.heardAt ?? 0;
      const patienceEndsAt = 300 + Math.min(heardBy('a'), heardBy('c'));
      network.runUntil(() => network.views().join('|') === 'a,c', 1000);
      expect(network.nowMs - patienceEndsAt).toBeLessThan(5);
      expect(network.stateOf('a').view?.id.counter).toBe(before + 1); // no proposal to the dead one came first
    },
  );

  it('critical is when one that is missed is to be suspected, and when it is to be taken for gone', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.crash('c');
    const heardAt = network.stateOf('a').peers.find(({ host }) => host === 'c')?.heardAt ?? Number.NaN;
    const isCriticalAfter = (ms: number) => isCritical(network.stateOf('a'), (heardAt + ms) as InstantMs);
    expect([150, 300, 200].map(isCriticalAfter)).toEqual([true, false, false]);
    network.runUntil(() => network.stateOf('a').suspects.length > 0, 200);
    expect([150, 300, 200].map(isCriticalAfter)).toEqual([false, true, false]);
    network.runUntil(() => network.viewOf('a') === 'a,b', 300);
    expect(network.nowMs - heardAt).toBeLessThan(302);
    expect([150, 300, 200].map(isCriticalAfter)).toEqual([false, false, false]);
  });

  it('one that died is left what it answers for until the run in its place is in the view, which tells what it has', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.crash('c');
    network.runUntil(() => network.viewOf('a') === 'a,b' && network.viewOf('b') === 'a,b', 1000);
    network.suspicions.length = 0;
    network.start('c');
    for (const count of [1, 2]) {
      network.runUntil(() => network.suspicions.length === count, 1000);
      const { host, suspects } = network.suspicions.at(-1) ?? { host: '', suspects: 'none came' };
      expect([suspects, network.viewOf(host)]).toEqual(['', 'a,b,c']);
    }
  });

  it.each(['leave', 'suspend'] as const)('one that says goodbye is none: %s', (way) => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.suspicions.length = 0;
    network[way]('c');
    network.runFor(2000);
    expect(network.suspicions.filter(({ host }) => host !== 'c')).toEqual([]);
  });
});
