/**
 * The coordinator's picture while the group is frozen: nothing is moved or touched. What is held stays where it is, also where it is
 * held twice; what nobody holds stays so, unless the host that had it is back.
 */
import { type HostName, hostOf } from '../membership/view.ts';
import type { AssignmentInput } from './assignment.ts';
import { hindrance } from './candidates.ts';
import { chooseKeeper } from './keeper.ts';
import type { Assignment } from './message.ts';
import { Placement } from './placement.ts';
import type { PoolSet } from './pool.ts';

export function frozenAssignments(input: AssignmentInput): readonly Assignment[] {
  const placement = new Placement(input.candidates);
  return input.pool.sets.map((set) => stay(input, set, placement));
}

function stay(input: AssignmentInput, set: PoolSet, placement: Placement): Assignment {
  const previous = input.previous.get(set.name);
  const waiting = input.waiting.get(set.name) ?? null;
  const unmoved = { set: set.name, releasing: [], pinned: false, handover: set.handover, ageMs: 0 };
  const holders = input.holders.get(set.name) ?? [];
  const { owner = null } = previous ?? {};
  if (previous !== undefined && owner !== null && input.view.members.includes(owner)) {
    // One that has let go gets it back only where nobody has it, on this side of a cut or the other.
    const nobodyHasIt = holders.length === 0 && (input.decidedInView || !input.fenced);
    if (nobodyHasIt || holders.some(({ member }) => member === owner)) {
      // Whom only an earlier view told to release is not told now, and must not count as told at the thaw.
      return input.decidedInView ? previous : { ...previous, releasing: [] };
    }
  }
  const keeper = chooseKeeper(set, holders, placement);
  if (keeper !== null && waiting?.why !== 'abandoned') {
    const { member, grant, pinned } = keeper.holder;
    return { ...unmoved, owner: member, grant, pinned, reason: { kind: 'found' } };
  }
  const voided = previous?.reason.kind === 'fenced' ? previous.reason.from : null;
  const host = waiting?.host ?? voided ?? (owner === null ? null : hostOf(owner));
  const back = host === null ? null : memberBack(input, set, host);
  if (host !== null && back !== null && !input.fenced) {
    return { ...unmoved, owner: back, grant: input.grant, reason: { kind: 'returned', host } };
  }
  const reason =
    host !== null && waiting?.why === 'abandoned'
      ? ({ kind: 'abandoned', host } as const)
      : ({ kind: 'frozen', host } as const);
  const same = previous?.owner === null && previous.reason.kind === reason.kind;
  return { ...unmoved, owner: null, grant: same ? previous.grant : input.grant, reason };
}

function memberBack({ candidates }: AssignmentInput, set: PoolSet, host: HostName) {
  const candidate = candidates.find((known) => known.host === host);
  return candidate === undefined || hindrance(candidate, set) !== null ? null : candidate.member;
}
