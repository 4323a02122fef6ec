import { describe, expect, it } from 'vitest';
import { rehearseLoss } from '../../agent/membership/rehearsal.ts';
import { hostOf, type InstantMs } from '../../agent/membership/view.ts';
import { viewOf } from './network.ts';

describe('rehearseLoss()', () => {
  it.each([
    ['a', 'b', 'leads with c'],
    ['a', 'c', 'leads with b'],
    ['b', 'a', 'leads with c'],
    ['c', 'a', 'follows b'],
    ['c', 'b', 'follows a'],
  ])('%s that loses %s %s, all the way to the first messages', (host, lost) => {
    const network = viewOf('a', 'b', 'c');
    const kinds: string[] = [];
    const now = network.nowMs as InstantMs; // the clock of all hosts
    const members = rehearseLoss(network.stateOf(host), [network.memberOf(lost)], now, ({ kind }) => kinds.push(kind));
    expect(members.map(hostOf)).toEqual(['a', 'b', 'c'].filter((other) => other !== lost));
    expect(kinds.length).toBeGreaterThanOrEqual(5); // a proposal, a promise, a commit and a message of each
  });

  it('comes to the same view as the loss itself', () => {
    const network = viewOf('a', 'b', 'c', 'd');
    const now = network.nowMs as InstantMs; // the clock of all hosts
    const rehearsed = rehearseLoss(network.stateOf('a'), [network.memberOf('c')], now, () => {});
    network.crash('c');
    network.runFor(1000);
    expect(network.stateOf('a').view?.members).toEqual(rehearsed);
  });

  it('leaves all as it was', () => {
    const network = viewOf('a', 'b', 'c');
    const { options, ...state } = network.stateOf('a');
    const before = structuredClone(state);
    rehearseLoss({ ...state, options }, [network.memberOf('b')], network.nowMs as InstantMs, () => {}); // the clock of all hosts
    expect(state).toEqual(before);
  });

  it('is for members of the view, and not where nobody else is left', () => {
    const network = viewOf('a', 'b');
    const now = network.nowMs as InstantMs; // the clock of all hosts
    expect(rehearseLoss(network.stateOf('a'), [], now, () => {})).toEqual([]);
    expect(rehearseLoss(network.stateOf('a'), [network.memberOf('b')], now, () => {})).toEqual([]);
  });
});
