import { describe, expect, it } from 'vitest';
import { Network } from './network.ts';

describe('step(): stories', () => {
  it('one alone installs a view of itself after listening', () => {
    const network = new Network({ seed: 1, hosts: ['a'] });
    network.start('a');
    expect(network.runUntil(() => network.viewOf('a') === 'a', 1000)).toBeCloseTo(200, 0);
  });

  it('three that start at once make one view, and no other before', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).not.toBeNull();
    expect(network.observer.viewsInstalled).toBe(3);
  });

  it('three that expect each other do not wait', () => {
    const hosts = ['a', 'b', 'c'];
    const network = new Network({ seed: 1, hosts, expectedHosts: hosts });
    network.start('a', 'b', 'c');
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(10);
  });

  it('a newcomer is in within a few round trips, with no view of its own', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('b', 'c');
    network.runFor(1000);
    const before = network.observer.viewsInstalled;
    network.start('a');
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(5);
    expect(network.observer.viewsInstalled - before).toBe(3);
  });

  it.each(['a', 'b', 'c'])('when %s loses power the others go on two round trips after detection', (dead) => {
    const hosts = ['a', 'b', 'c'];
    const network = new Network({ seed: 1, hosts });
    network.start(...hosts);
    network.runFor(1000);
    network.crash(dead);
    const rest = hosts.filter((host) => host !== dead).join();
    expect(network.runUntil(() => network.views().join('|') === rest, 1000)).toBeLessThan(302);
    const views = network.observer.viewsInstalled;
    network.runFor(2000);
    expect(network.observer.viewsInstalled).toBe(views);
  });

  it('one that leaves is out at once', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.leave('a');
    expect(network.runUntil(() => network.views().join('|') === 'b,c', 1000)).toBeLessThan(3);
  });

  it('two halves of a cut go on alone and merge when it heals', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c', 'd'] });
    network.start('a', 'b', 'c', 'd');
    network.runFor(1000);
    network.partition(['a', 'b'], ['c', 'd']);
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b', 'c,d']);
    network.heal();
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c,d', 1000)).toBeLessThan(120);
  });
});
