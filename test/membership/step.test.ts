import { describe, expect, it } from 'vitest';
import { createMember } from '../../agent/membership/member-state.ts';
import { step } from '../../agent/membership/step.ts';
import { type HostName, type InstantMs, memberId, type ViewId } from '../../agent/membership/view.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../agent/wire/frame-message.ts';
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
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(8); // at most 7 of 150 seeds
    expect(network.observer.viewsInstalled - before).toBe(3);
  });

  it('a member that is missed because it stood still for less than its patience keeps what is left to it, and stalls in one of ten such cases at most', () => {
    let missed = 0;
    let stalled = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      for (let pauseMs = 20; pauseMs <= 24; pauseMs += 1) {
        const network = new Network({ seed, hosts: ['a', 'b', 'c'], heartbeatMs: 10, detectMs: 25, asksFirst: true });
        network.start('a', 'b', 'c');
        network.runFor(500);
        const before = network.observer.viewsInstalled;
        network.stalls.length = 0;
        network.pause('a');
        network.runFor(pauseMs);
        network.resume('a');
        network.runFor(200);
        if (network.observer.viewsInstalled > before) missed += 1;
        if (network.stalls.includes('a')) stalled += 1;
      }
    }
    expect(missed).toBeGreaterThan(50);
    expect(stalled).toBeLessThan(missed / 10);
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

  it('a machine that was paused without seeing it hears within an interval and a round trip that it is out', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.pause('a');
    expect(network.runUntil(() => network.viewOf('b') === 'b,c', 1000)).not.toBeNull();
    network.runFor(10_000);
    network.resumeUnaware('a', network.nowMs - 2000);
    expect(network.stalls).toEqual([]);
    expect(network.runUntil(() => network.stalls.join() === 'a', 101)).not.toBeNull();
    expect(network.viewOf('a')).toBe('a,b,c'); // told before it is taken back
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b,c']);
    expect(network.stalls).toEqual(['a']);
  });

  it('one that leaves is out at once', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.leave('a');
    expect(network.runUntil(() => network.views().join('|') === 'b,c', 1000)).toBeLessThan(3);
  });

  it('one whose guard tells of its death is out at once, however often it is told', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    const dead = network.stateOf('a');
    network.crash('a');
    network.bury(dead, 'b', 'c');
    network.bury(dead, 'c', 'b');
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

describe('step(): partial cuts', () => {
  it('when two of three do not hear each other, a pair and one alone go on, and it stays so', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.partition(['a'], ['c']);
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b', 'c']);
    const views = network.observer.viewsInstalled;
    network.runFor(60_000);
    expect(network.observer.viewsInstalled).toBe(views);
  });

  it('one direction cut is a cut', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.cut('c', 'b');
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b', 'c']);
  });

  it('under any standing cut the views come to rest, each a clique, and nobody is left without', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
      const network = new Network({ seed, hosts });
      if (seed % 2 === 0) {
        network.start(...hosts);
        network.runFor(1000);
      }
      for (const from of hosts) for (const to of hosts) if (network.chance(0.25)) network.cut(from, to);
      if (seed % 2 === 1) for (const host of hosts) network.at(network.random(300), () => network.start(host));
      network.runFor(5000);
      const views = network.observer.viewsInstalled;
      network.runFor(10_000);
      expect(network.observer.viewsInstalled, `seed ${seed}: it does not come to rest`).toBe(views);
      const serving = hosts.filter((host) => network.apartOf(host) === '');
      expect(serving.length, `seed ${seed}: everybody stands back`).toBeGreaterThan(0);
      for (const host of serving) {
        for (const other of serving.filter((each) => network.viewOf(each) !== network.viewOf(host))) {
          const mutual = !network.isCut(other, host) && !network.isCut(host, other);
          expect(mutual, `seed ${seed}: ${host} and ${other} hear each other and both serve`).toBe(false);
        }
      }
      for (const host of hosts) {
        const members = network.viewOf(host).split(',');
        expect(members, `seed ${seed}`).toContain(host);
        for (const other of members.filter((member) => member !== host)) {
          expect(network.isCut(host, other), `seed ${seed}: ${host} with ${other}`).toBe(false);
          expect(network.viewOf(other), `seed ${seed}: ${host} and ${other}`).toBe(network.viewOf(host));
        }
      }
    }
  });
});

describe('step(): the feature level of a view', () => {
  it('is the lowest of its members, and rises with the view in which the last of them is upgraded', () => {
    const levels: Record<string, number> = { b: 2, c: 2 };
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'], levels });
    network.start('b', 'c');
    network.runFor(1000);
    expect(['b', 'c'].map((host) => network.levelOf(host))).toEqual([2, 2]);
    network.start('a');
    network.runFor(1000);
    expect(['a', 'b', 'c'].map((host) => network.levelOf(host))).toEqual([1, 1, 1]);
    network.leave('a');
    network.runFor(1000);
    levels.a = 2;
    network.start('a');
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b,c']);
    expect(['a', 'b', 'c'].map((host) => network.levelOf(host))).toEqual([2, 2, 2]);
  });
});

describe('step(): a message of an older view', () => {
  it('is dropped, as in the view that came meanwhile nobody expects it', () => {
    const member = createMember(
      {
        self: memberId('a' as HostName, '0'.repeat(32)),
        level: 1,
        heartbeatMs: 100,
        detectMs: 300,
        expectedHosts: [],
        codec: { encode: encodeLinkMessage, decode: decodeLinkMessage },
        seed: 1,
      },
      0 as InstantMs,
    );
    const { state } = step(member, { kind: 'wakeup', now: 500 as InstantMs });
    const view = state.view?.id;
    if (view === undefined) throw new Error('one alone installs a view');
    const said = (id: ViewId) =>
      step(state, { kind: 'send', now: 501 as InstantMs, view: id, payload: new Uint8Array(1) }).effects;
    expect(said(view).filter(({ kind }) => kind === 'deliver')).toHaveLength(1);
    expect(said({ ...view, counter: view.counter - 1 }).filter(({ kind }) => kind === 'deliver')).toEqual([]);
  });
});

describe('step(): one that was put out', () => {
  it('a process stopped for ten seconds is back in with the others at once, and never alone', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.pause('a');
    network.runFor(10_000);
    expect(network.viewOf('b')).toBe('b,c');
    const views = network.observer.viewsInstalled;
    network.resume('a');
    expect(network.stalls).toEqual(['a']);
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(5);
    expect(network.observer.viewsInstalled - views).toBe(3);
  });

  it('what it hears of old on one socket does not undo what it learnt on another', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.pause('a');
    network.runFor(10_000);
    const views = network.observer.viewsInstalled;
    network.resume('a', 20);
    network.runFor(2000);
    expect(network.views()).toEqual(['a,b,c']);
    expect(network.observer.viewsInstalled - views).toBe(3);
  });

  it('one whose clock stood still as well learns it from the first answer', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.partition(['a'], ['b', 'c']);
    network.runUntil(() => network.viewOf('b') === 'b,c', 400);
    network.heal();
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(110);
  });
});

describe('step(): one whose agent hangs', () => {
  it.each(['a', 'b', 'c'])('%s is out at once, stays out, and is back at once when it runs again', (hanging) => {
    const hosts = ['a', 'b', 'c'];
    const network = new Network({ seed: 1, hosts });
    network.start(...hosts);
    network.runFor(1000);
    network.suspend(hanging);
    const rest = hosts.filter((host) => host !== hanging);
    const restIsTogether = (): boolean => rest.every((host) => network.viewOf(host) === rest.join());
    expect(network.runUntil(restIsTogether, 1000)).toBeLessThan(3);
    const views = network.observer.viewsInstalled;
    network.runFor(10_000);
    expect(network.observer.viewsInstalled).toBe(views);
    expect(network.stalls).toEqual([]);
    network.wake(hanging);
    expect(network.stalls).toEqual([hanging]);
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(5);
    network.runFor(2000);
    expect(network.observer.viewsInstalled).toBe(views + 3);
  });
});

describe('step(): a host name twice', () => {
  it('the newcomer is refused, with the address of the other', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'twin'] });
    network.start('a', 'b');
    network.runFor(1000);
    network.startAs('twin', 'a');
    expect(network.runUntil(() => network.refused.length > 0, 1000)).toBeLessThan(2);
    expect(network.refused).toEqual([{ host: 'twin', address: 'a' }]);
    network.runFor(2000);
    expect(network.views()).toEqual(['a,b']);
  });

  it('an agent that starts again where it was killed is in before its predecessor would have been missed', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.crash('a');
    network.start('a');
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 1000)).toBeLessThan(5);
    expect(network.refused).toEqual([]);
  });

  it('one that starts on another address waits until its dead predecessor is missed, and is not refused', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c', 'elsewhere'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.crash('a');
    network.startAs('elsewhere', 'a');
    expect(network.runUntil(() => network.views().join('|') === 'a,b,c', 2000)).toBeLessThan(500);
    expect(network.refused).toEqual([]);
  });
});

describe('step(): the largest group', () => {
  it('64 that start at once are in one view, and a 65th stays outside', () => {
    const hosts = Array.from({ length: 65 }, (_, index) => `h${String(index).padStart(2, '0')}`);
    const [last = '', ...group] = hosts.toReversed();
    const network = new Network({ seed: 1, hosts, heartbeatMs: 500, detectMs: 1500, expectedHosts: group });
    network.start(...group);
    const everybody = group.toSorted().join();
    expect(network.runUntil(() => network.observer.viewsInstalled === 64, 3000)).toBeLessThan(10);
    expect(network.views()).toEqual([everybody]);
    network.start(last);
    network.runFor(1050);
    expect(network.viewOf(last)).toBe(last);
    expect(network.viewOf('h00')).toBe(everybody);
  }, 90_000); // 64 members in one thread: 5 s on an idle machine, 20 s where every core is busy
});

describe('step(): delivery', () => {
  it('a burst of the largest messages arrives everywhere, in order, in one view', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    const views = network.observer.viewsInstalled;
    for (let index = 0; index < 20; index += 1) {
      network.send('a', network.observer.payload(network.memberOf('a'), 1024 * 1024));
    }
    const delivered = (): boolean =>
      ['a', 'b', 'c'].every((host) => network.stateOf(host).delivery.delivered[0] === 20);
    expect(network.runUntil(delivered, 20_000)).not.toBeNull();
    expect(network.observer.viewsInstalled).toBe(views);
  });

  it('what everybody delivered is forgotten', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.send('b', network.observer.payload(network.memberOf('b'), 100));
    network.runFor(1);
    expect(network.stateOf('c').delivery.kept.flat().length).toBe(1);
    network.runFor(250);
    for (const host of ['a', 'b', 'c']) expect(network.stateOf(host).delivery.kept.flat()).toEqual([]);
  });

  it('a message only the sender and one other have reaches the rest when the sender dies', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    network.cut('c', 'a');
    network.send('c', network.observer.payload(network.memberOf('c'), 100));
    network.runFor(5);
    expect(network.stateOf('a').delivery.delivered).toEqual([0, 0, 0]);
    expect(network.stateOf('b').delivery.delivered).toEqual([0, 0, 1]);
    network.crash('c');
    const before = network.observer.checked.together;
    expect(network.runUntil(() => network.views().join('|') === 'a,b', 1000)).not.toBeNull();
    expect(network.observer.checked.together).toBe(before + 1);
  });

  it('one whose link makes no progress though it is heard is left out, and does not make the group flap', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.dropDatagramsTo('c');
    network.start('a', 'b', 'c');
    network.runFor(60_000);
    expect(network.viewOf('a')).toBe('a,b');
    expect(network.observer.viewsInstalled).toBeLessThan(60);
  });
});
