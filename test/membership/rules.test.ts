import { describe, expect, it } from 'vitest';
import { isIdle } from '../../agent/membership/link-out.ts';
import { attemptMs, type MemberEffect } from '../../agent/membership/member-state.ts';
import type { LinkMessage } from '../../agent/membership/message.ts';
import { decodeLinkMessage } from '../../agent/wire/frame-message.ts';
import { Network } from './network.ts';

// Rules that no ordinary schedule needs: another one catches what they are for, or nobody keeps to the protocol.

function said(effects: readonly MemberEffect[]): readonly LinkMessage[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'send-datagram' || effect.datagram.kind !== 'data') return [];
    return decodeLinkMessage(effect.datagram.bytes) ?? [];
  });
}

describe('receivePropose()', () => {
  /** a, which c does not hear, and the view of b and c. */
  function strangerAndPair(): Network {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('b', 'c');
    network.runFor(1000);
    network.partition(['a'], ['c']);
    network.start('a');
    network.runFor(1000);
    expect(network.views()).toEqual(['a', 'b,c']);
    return network;
  }

  const ballotOf = (network: Network) => ({ counter: 1000, leader: network.memberOf('a') });

  it('refuses a stranger that would tear a standing view', () => {
    const network = strangerAndPair();
    const members = ['a', 'b'].map((host) => network.memberOf(host)).sort();
    const answers = said(network.forge('a', 'b', { kind: 'propose', ballot: ballotOf(network), members }));
    expect(answers).toMatchObject([{ kind: 'refuse', reason: 'keeps-view' }]);
    network.runFor(2000);
    expect(network.viewOf('b')).toBe('b,c');
  });

  it('refuses one with a member that it does not hear', () => {
    const network = strangerAndPair();
    network.partition(['b'], ['c']);
    network.runFor(1000);
    const members = ['a', 'b', 'c'].map((host) => network.memberOf(host)).sort();
    const answers = said(network.forge('a', 'b', { kind: 'propose', ballot: ballotOf(network), members }));
    expect(answers).toMatchObject([{ kind: 'refuse', reason: 'not-mutual' }]);
  });

  it('refuses a ballot that is not above the one promised, and names that', () => {
    const network = strangerAndPair();
    const members = ['a', 'b'].map((host) => network.memberOf(host)).sort();
    const ballot = { counter: 1, leader: network.memberOf('a') };
    const answers = said(network.forge('a', 'b', { kind: 'propose', ballot, members }));
    expect(answers).toMatchObject([{ kind: 'refuse', reason: 'lower-ballot', highest: network.stateOf('b').promised }]);
  });
});

describe('receiveCommit()', () => {
  it.each([
    [1, 1000],
    [2, 1],
  ])('of the level %i leaves a member that speaks the level 1 in the view %i', (level, counter) => {
    const network = new Network({ seed: 1, hosts: ['a', 'b'], expectedHosts: ['a', 'b'] });
    network.start('a', 'b');
    network.runFor(1000);
    const members = ['a', 'b'].map((host) => network.memberOf(host)).sort();
    const ballot = { counter: 1000, leader: network.memberOf('a') };
    network.forge('a', 'b', { kind: 'propose', ballot, members });
    network.forge('a', 'b', { kind: 'commit', ballot, level, members, together: members });
    expect(network.stateOf('b').view?.id.counter).toBe(counter);
  });
});

describe('forgetStable()', () => {
  it('counts no report of another view: what it says was delivered there', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c', 'd'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    for (let index = 0; index < 5; index += 1) network.send('a', network.observer.payload(network.memberOf('a'), 10));
    network.runFor(500);
    network.start('d');
    network.runUntil(() => network.viewOf('a') === 'a,b,c,d', 1000);
    network.cut('c', 'a');
    network.send('a', network.observer.payload(network.memberOf('a'), 10));
    network.runFor(200);
    expect(network.viewOf('a')).toBe('a,b,c,d');
    expect(network.stateOf('a').delivery.kept.flat()).toHaveLength(1);
  });
});

describe('reconsider()', () => {
  it('looks again at a proposal that nobody answers, though nothing else may happen', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b'] });
    network.start('a', 'b');
    expect(network.runUntil(() => network.stateOf('a').agreement.kind === 'leading', 1000)).not.toBeNull();
    const { agreement, reconsiderAt, options } = network.stateOf('a');
    if (agreement.kind !== 'leading') expect.fail(agreement.kind);
    expect(reconsiderAt).toBe(agreement.since + attemptMs(options));
  });

  it('gives a member that promised beyond the view a successor, though everybody is heard', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    const views = network.observer.viewsInstalled;
    const view = network.stateOf('c').view?.id;
    if (view === undefined) throw new Error('it has a view');
    network.forge('b', 'c', { kind: 'multicast', view, number: 7, payload: new Uint8Array(1) }); // a gap
    expect(network.viewOf('c')).toBe('a,b,c');
    network.runFor(1000);
    expect(network.observer.viewsInstalled).toBe(views + 3);
    expect(network.views()).toEqual(['a,b,c']);
  });
});

describe('gonePeer()', () => {
  it('drops what waits for one that is known to be dead, and sends it nothing more', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    const dead = network.stateOf('c');
    network.crash('c');
    network.send('a', network.observer.payload(network.memberOf('a'), 20));
    const waiting = () =>
      network.stateOf('a').peers.filter(({ member, out }) => member === dead.options.self && !isIdle(out));
    expect(waiting()).toHaveLength(1);
    network.bury(dead, 'a', 'b');
    expect(waiting()).toHaveLength(0);
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b']);
  });

  it('is final: what comes of it late is not heard, so that it is forgotten in its time', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
    network.start('a', 'b', 'c');
    network.runFor(1000);
    const dead = network.stateOf('c');
    const known = () => network.stateOf('a').peers.find(({ member }) => member === dead.options.self);
    const { report } = known() ?? expect.fail('a knows c');
    network.crash('c');
    network.bury(dead, 'a', 'b');
    network.runFor(1000);
    const before = known();
    expect(before?.gone).toBe(true);
    network.replay({ ...report, number: report.number + 1 }, 'c', 'a');
    expect(known()).toEqual(before);
    network.runFor(1000);
    expect(network.views()).toEqual(['a,b']);
  });
});
