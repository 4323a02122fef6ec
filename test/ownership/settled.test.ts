import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { reportedHolders, unsettled } from '../../agent/ownership/settled.ts';
import { Group, poolOf } from './group.ts';

const a = 'a' as SetName;

describe('reportedHolders(): a set that is being claimed', () => {
  it('is not held before the kernel has it, though the host reports anew meanwhile', () => {
    const group = new Group(poolOf('a', { hosts: 2 }));
    for (const host of ['e1', 'e2']) group.start(host);
    group.slow.add('e1');
    group.view('e1', 'e2');
    group.settle();
    group.view('e1', 'e2'); // a full report in the middle of the claim
    group.settle();
    for (const host of ['e1', 'e2'])
      expect(holdersSeenBy(group, host)).toEqual([[], ['e1'], 'a is not claimed by e1 yet']);
    group.kernels.get('e1')?.add('a');
    group.tell('e1', { kind: 'claimed', sets: [a] });
    group.settle();
    for (const host of ['e1', 'e2']) expect(holdersSeenBy(group, host)).toEqual([['e1'], [], null]);
  });
});

function holdersSeenBy(group: Group, host: string): unknown {
  const state = group.members.get(host);
  if (state === undefined) return null;
  const holders = reportedHolders(state);
  const names = (members: readonly string[] = []): readonly string[] =>
    members.map((member) => member.split('/')[0] ?? '');
  return [names(holders.get(a)?.held), names(holders.get(a)?.claiming), unsettled(state, a, holders)];
}
