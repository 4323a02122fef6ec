import { describe, expect, it } from 'vitest';
import { confirmsView } from '../../agent/membership/evidence.ts';
import { hostOf } from '../../agent/membership/view.ts';
import { Network } from './network.ts';

/** Three members of one view, and what the first heard of the second last. */
function heard() {
  const network = new Network({ seed: 1, hosts: ['a', 'b', 'c'] });
  network.start('a', 'b', 'c');
  network.runFor(1000);
  const state = network.stateOf('a');
  const report = state.peers.find(({ member }) => hostOf(member) === 'b')?.report;
  if (report === undefined || state.view === null) throw new Error('they hear each other');
  return { network, state, report, id: state.view.id };
}

describe('confirmsView()', () => {
  it('a heartbeat of another member of the view, in that view', () => {
    const { state, report } = heard();
    expect(confirmsView(state, report)).toBe(true);
  });

  it('not of one that has none, is in a later one, is this one itself, or is no member', () => {
    const { network, state, report, id } = heard();
    expect(confirmsView(state, { ...report, view: null })).toBe(false);
    expect(confirmsView(state, { ...report, view: { ...id, counter: id.counter + 1 } })).toBe(false);
    expect(confirmsView(state, { ...report, member: state.options.self })).toBe(false);
    network.crash('b');
    network.runFor(2000);
    expect(confirmsView(network.stateOf('a'), report)).toBe(false);
  });

  it('who was paused while the others went on hears nothing that confirms its view', () => {
    const { network, state } = heard();
    network.pause('a');
    network.runFor(2000);
    const { report } = network.stateOf('b').peers.find(({ member }) => hostOf(member) === 'c') ?? {};
    if (report === undefined) throw new Error('b hears c');
    expect(confirmsView(state, report)).toBe(false);
  });
});
