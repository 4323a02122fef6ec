/**
 * The least movement that separates what must be apart, puts every set on a host of its best priority and evens the load. A round that
 * nobody asked for leaves priorities alone: when a set moves for them by itself is what `failback` says.
 */
import { hostOf, type MemberId } from '../membership/view.ts';
import type { Candidate } from './candidates.ts';
import type { SetName } from './grant.ts';
import type { RunningBalance } from './orders.ts';
import type { Chosen, Placement } from './placement.ts';
import { type Pool, type PoolSet, priorityOf } from './pool.ts';
import type { Choice } from './reason.ts';

export type BalanceMove = {
  readonly set: SetName;
  readonly from: MemberId;
  readonly to: MemberId;
  readonly choice: Choice;
};

/**
 * @param owners changed in place to what it is after the moves, as is `placement`; sets that may not move are not in it
 * @param order each move is a gain by itself, so that a round may end after any
 */
export function balanceMoves(
  pool: Pool,
  owners: Map<SetName, MemberId>,
  placement: Placement,
  order: RunningBalance,
): readonly BalanceMove[] {
  const movesMax = order.kind === 'round' ? order.movesMax : Number.POSITIVE_INFINITY;
  const moves = new Map<SetName, BalanceMove>();
  const origin = new Map(owners);
  const owned = setsByOwner(pool, owners);
  const move = (set: PoolSet, from: MemberId, { member: to, choice }: Chosen): void => {
    placement.take(set, from);
    placement.put(set, to);
    owners.set(set.name, to);
    owned.get(from)?.delete(set);
    owned.set(to, (owned.get(to) ?? new Set()).add(set));
    moves.set(set.name, { set: set.name, from: origin.get(set.name) ?? from, to, choice });
  };

  for (const set of pool.sets) {
    const owner = owners.get(set.name);
    if (owner === undefined) continue;
    if (moves.size >= movesMax) break;
    const better = betterPlace(set, owner, placement, order.kind);
    if (better !== null) move(set, owner, better);
  }

  // Every step lowers the sum of the squared loads (by weight), so this ends; the bound only guards against a mistake.
  for (let steps = 0; moves.size < movesMax && steps < pool.sets.length * placement.candidates.length; steps++) {
    const step = relieveMostLoaded(owned, placement);
    if (step === null) break;
    move(step.set, step.from, step.to);
  }
  return [...moves.values()].filter(({ from, to }) => from !== to);
}

type Owned = Map<MemberId, Set<PoolSet>>;

/** Each owner's sets in the pool's order; those that come to it later follow. */
function setsByOwner(pool: Pool, owners: ReadonlyMap<SetName, MemberId>): Owned {
  const owned: Owned = new Map();
  for (const set of pool.sets) {
    const owner = owners.get(set.name);
    if (owner !== undefined) owned.set(owner, (owned.get(owner) ?? new Set()).add(set));
  }
  return owned;
}

/** A host that suits the set better than its owner does, whatever the load; null where there is none. */
function betterPlace(set: PoolSet, owner: MemberId, placement: Placement, kind: RunningBalance['kind']): Chosen | null {
  if (suitsAll(set)) return null;
  placement.take(set, owner);
  const best = placement.choose(set, ({ member, damped }) => !damped || member === owner);
  const better =
    best !== null &&
    (kind === 'asked'
      ? compareFit(set, best.member, owner, placement) < 0
      : placement.conflictsOf(set, best.member) < placement.conflictsOf(set, owner));
  placement.put(set, owner);
  return better ? best : null;
}

function relieveMostLoaded(
  owned: Owned,
  placement: Placement,
): { readonly set: PoolSet; readonly from: MemberId; readonly to: Chosen } | null {
  const relative = ({ member, weight }: Candidate, more: 0 | 1): number => (placement.loadOf(member) + more) / weight;
  const givers = [...placement.candidates].sort(
    (a, b) =>
      placement.loadOf(b.member) * a.weight - placement.loadOf(a.member) * b.weight || (a.member < b.member ? -1 : 1),
  );
  const least = Math.min(...givers.filter(({ damped }) => !damped).map((candidate) => relative(candidate, 1)));
  for (const giver of givers) {
    if (least > relative(giver, 0)) return null; // nobody could take one from it or from those that have less
    for (const set of owned.get(giver.member) ?? []) {
      const load = placement.loadOf(giver.member);
      placement.take(set, giver.member);
      const taker = placement.choose(
        set,
        ({ member, damped, weight }) =>
          !damped &&
          member !== giver.member &&
          (placement.loadOf(member) + 1) * giver.weight < load * weight &&
          (suitsAll(set) || compareFit(set, member, giver.member, placement) <= 0),
      );
      placement.put(set, giver.member);
      if (taker !== null) return { set, from: giver.member, to: { member: taker.member, choice: 'least loaded' } };
    }
  }
  return null;
}

/** Nothing but the load tells one host that may own it from another. */
function suitsAll(set: PoolSet): boolean {
  return set.apart === null && set.prefer.length === 0;
}

/** Negative where the set is better off on `a`; it must be counted on neither. */
function compareFit(set: PoolSet, a: MemberId, b: MemberId, placement: Placement): number {
  const byConflicts = placement.conflictsOf(set, a) - placement.conflictsOf(set, b);
  return byConflicts || priorityOf(set, hostOf(a)) - priorityOf(set, hostOf(b));
}
