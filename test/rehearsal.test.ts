import { describe, expect, it } from 'vitest';
import type { OwnershipState } from '../agent/ownership/state.ts';
import { Rehearsals, rehearseLoss } from '../agent/rehearsal.ts';
import { Group, poolOf } from './ownership/group.ts';
import { threeHosts } from './ownership/telling.ts';
import { ManualClock } from './system/manual-clock.ts';

function stateOf(group: Group, host: string): OwnershipState {
  const state = group.members.get(host);
  if (state === undefined) throw new Error(`${host} does not run`);
  return state;
}

describe('rehearseLoss()', () => {
  it.each(['e1', 'e3'])('goes all the way to the claim on %s, whoever will decide', (host) => {
    const group = threeHosts();
    expect(rehearseLoss(stateOf(group, host), [group.id('e2')], group.now)).toBe(1);
  });

  it('also where the host of the suspect is taken for answering still', () => {
    const group = threeHosts();
    group.tell('e1', { kind: 'answering', members: new Set([group.id('e2')]) });
    group.settle();
    expect(rehearseLoss(stateOf(group, 'e1'), [group.id('e2')], group.now)).toBe(1);
  });

  it('leaves all as it was', () => {
    const group = threeHosts();
    const before = structuredClone(stateOf(group, 'e1'));
    rehearseLoss(stateOf(group, 'e1'), [group.id('e2')], group.now);
    expect(stateOf(group, 'e1')).toEqual(before);
  });

  it('is for members of the view, in a view, and not for thousands of sets', () => {
    const group = threeHosts();
    expect(rehearseLoss(stateOf(group, 'e1'), [], group.now)).toBe(0);
    const { sets } = poolOf('a');
    const [set] = sets;
    if (set === undefined) throw new Error('a pool of one set has one');
    const large = { ...stateOf(group, 'e1').pool, sets: Array.from({ length: 3_000 }, () => set) };
    expect(rehearseLoss({ ...stateOf(group, 'e1'), pool: large }, [group.id('e2')], group.now)).toBe(0);
    const alone = new Group(poolOf('a'));
    alone.start('e1');
    expect(rehearseLoss(stateOf(alone, 'e1'), [group.id('e2')], group.now)).toBe(0);
  });
});

describe('Rehearsals', () => {
  /** How often the state is looked at, which is what a rehearsal begins with. */
  function rehearsing(isAtRest = true): { readonly all: Rehearsals; readonly clock: ManualClock; count: number } {
    const group = threeHosts();
    const seen = { count: 0, clock: new ManualClock() };
    const state = () => {
      seen.count += 1;
      return stateOf(group, 'e1');
    };
    return Object.assign(seen, { all: new Rehearsals({ clock: seen.clock, state, isAtRest: () => isAtRest }) });
  }

  it('a few after a view, anew after the next, and then none any more', () => {
    const seen = rehearsing();
    seen.all.viewInstalled();
    expect(seen.count).toBe(0);
    for (let passed = 0; passed < 10; passed += 1) seen.clock.advance(200);
    expect(seen.count).toBe(6);
    seen.all.viewInstalled();
    seen.clock.advance(200);
    expect(seen.count).toBe(7);
    seen.all.close();
    for (let passed = 0; passed < 10; passed += 1) seen.clock.advance(200);
    expect(seen.count).toBe(7);
  });

  it('none while another loss is about to be dealt with', () => {
    const seen = rehearsing(false);
    seen.all.viewInstalled();
    for (let passed = 0; passed < 10; passed += 1) seen.clock.advance(200);
    expect(seen.count).toBe(0);
  });

  it('one when a member is suspected, at most each second, and none when it is heard again', () => {
    const seen = rehearsing();
    const member = threeHosts().id('e2');
    seen.all.suspect([member]);
    seen.all.suspect([]);
    seen.all.suspect([member]);
    expect(seen.count).toBe(1);
    seen.clock.advance(1_000);
    seen.all.suspect([member]);
    expect(seen.count).toBe(2);
  });
});
