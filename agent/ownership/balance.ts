/** The least movement that puts every set on a host of its best priority and evens the load among equals. */
import { hostOf, type MemberId } from '../membership/view.ts';
import { addLoad, type Candidate, choose, hindrance, type Loads, loadOf } from './candidates.ts';
import type { SetName } from './grant.ts';
import { type Pool, type PoolSet, priorityOf } from './pool.ts';
import type { Choice } from './reason.ts';

export type BalanceMove = {
  readonly set: SetName;
  readonly from: MemberId;
  readonly to: MemberId;
  readonly choice: Choice;
};

/** @param owners changed in place to what it is after the moves, as are `loads` */
export function balanceMoves(
  pool: Pool,
  candidates: readonly Candidate[],
  owners: Map<SetName, MemberId>,
  loads: Loads,
): readonly BalanceMove[] {
  const moves = new Map<SetName, BalanceMove>();
  const origin = new Map(owners);
  const move = (set: SetName, from: MemberId, to: MemberId, choice: Choice): void => {
    owners.set(set, to);
    addLoad(loads, from, -1);
    addLoad(loads, to, 1);
    moves.set(set, { set, from: origin.get(set) ?? from, to, choice });
  };

  for (const set of pool.sets) {
    const owner = owners.get(set.name);
    if (owner === undefined) continue;
    const best = choose(set, eligibleFor(set, candidates), loads);
    if (best !== null && priorityOf(set, hostOf(best.member)) < priorityOf(set, hostOf(owner))) {
      move(set.name, owner, best.member, best.choice);
    }
  }

  // Every step lowers the sum of the squared loads (by weight), so this ends; the bound only guards against a mistake.
  for (let steps = 0; steps < pool.sets.length * candidates.length; steps++) {
    const step = relieveMostLoaded(pool, candidates, owners, loads);
    if (step === null) break;
    move(step.set, step.from, step.to, 'least loaded');
  }
  return [...moves.values()].filter(({ from, to }) => from !== to);
}

function relieveMostLoaded(
  pool: Pool,
  candidates: readonly Candidate[],
  owners: ReadonlyMap<SetName, MemberId>,
  loads: Loads,
): { readonly set: SetName; readonly from: MemberId; readonly to: MemberId } | null {
  const givers = [...candidates].sort(
    (a, b) => loadOf(loads, b.member) * a.weight - loadOf(loads, a.member) * b.weight || (a.member < b.member ? -1 : 1),
  );
  for (const giver of givers) {
    for (const set of pool.sets) {
      if (owners.get(set.name) !== giver.member) continue;
      const equals = eligibleFor(set, candidates).filter(
        ({ member }) => priorityOf(set, hostOf(member)) === priorityOf(set, hostOf(giver.member)),
      );
      const taker = choose(set, equals, loads);
      if (taker === null || taker.member === giver.member) continue;
      const weight = candidates.find(({ member }) => member === taker.member)?.weight ?? 1;
      const gains = (loadOf(loads, taker.member) + 1) * giver.weight < loadOf(loads, giver.member) * weight;
      if (gains) return { set: set.name, from: giver.member, to: taker.member };
    }
  }
  return null;
}

function eligibleFor(set: PoolSet, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter((candidate) => hindrance(candidate, set.name) === null);
}
