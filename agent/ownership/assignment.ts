/**
 * The coordinator's choice: who owns which set. A pure function of what it knows, in no order that matters.
 * Who may keep a set keeps it; what has no owner goes by priority, load and name; nothing else moves.
 */
import { hostOf, type InstantMs, type MemberId, type View } from '../membership/view.ts';
import { type BalanceMove, balanceMoves } from './balance.ts';
import { type Candidate, hindrance } from './candidates.ts';
import { failbackTarget } from './failback.ts';
import { compareGrants, type Grant, type SetName } from './grant.ts';
import { chooseKeeper, type Holder } from './keeper.ts';
import type { Assignment } from './message.ts';
import { Placement } from './placement.ts';
import type { Pool, PoolSet } from './pool.ts';
import type { Choice, Reason } from './reason.ts';

export type AssignmentInput = {
  readonly pool: Pool;
  readonly view: View;
  /** The members whose report is known; the others keep what they have and get nothing. */
  readonly candidates: readonly Candidate[];
  /** Who holds what, or was told to, as far as members of the view are concerned. */
  readonly holders: ReadonlyMap<SetName, readonly Holder[]>;
  /** What the coordinator knew before; its owners may be gone. */
  readonly previous: ReadonlyMap<SetName, Assignment>;
  /** Whether `previous` was decided in this view: then its owners stand, and no merge order applies. */
  readonly decidedInView: boolean;
  /** False while a cold start waits for hosts: then nobody gets a set that nobody holds. */
  readonly mature: boolean;
  readonly mode: 'sticky' | 'balance';
  readonly now: InstantMs;
  /** The grant of everything that changes. */
  readonly grant: Grant;
};

type Draft = { readonly owner: MemberId | null; readonly reason: Reason; readonly kept: Grant | null };

/** One entry for every set of the pool, in the pool's order; `ageMs` is 0 where the owner changed, else as before. */
export function assign(input: AssignmentInput): readonly Assignment[] {
  const placement = new Placement(input.candidates);
  const drafts = new Map<SetName, Draft>();
  const draft = (set: PoolSet, next: Draft): void => {
    drafts.set(set.name, next);
    if (next.owner !== null) placement.put(set, next.owner);
  };

  for (const set of input.pool.sets) {
    const kept = keep(input, set, placement);
    if (kept !== null) draft(set, kept);
  }
  for (const set of input.pool.sets) {
    const owner = drafts.get(set.name)?.owner ?? null;
    if (owner === null) draft(set, give(input, set, placement));
    else if (input.mature) moveBack(set, owner);
  }
  if (input.mode === 'balance' && input.mature) {
    for (const move of movesOf(input.pool, drafts, placement)) drafts.set(move.set, draftOf(move));
  }
  return input.pool.sets.map((set) => finish(input, set, drafts.get(set.name)));

  function moveBack(set: PoolSet, owner: MemberId): void {
    if (set.failbackMs === null) return;
    const to = failbackTarget(set, owner, placement, input.now);
    if (to === null) return;
    placement.take(set, owner);
    const reason: Reason = { kind: 'failback', from: hostOf(owner), choice: 'preferred' };
    draft(set, { owner: to, reason, kept: null });
  }
}

/** null where no holder may go on. */
function keep(input: AssignmentInput, set: PoolSet, placement: Placement): Draft | null {
  const previous = input.previous.get(set.name);
  const able = (input.holders.get(set.name) ?? []).filter(({ member }) => {
    const candidate = placement.find(member);
    return candidate === null || hindrance(candidate, set) === null; // without a report: not touched
  });
  const told = able.find(({ member }) => member === previous?.owner);
  const keeper =
    input.decidedInView && told !== undefined
      ? ({ holder: told, choice: 'newest grant' } as const)
      : chooseKeeper(set, able, placement);
  if (keeper === null) return null;
  const { holder, choice } = keeper;
  const others = able.filter(({ side, member }) => side !== holder.side && member !== holder.member);
  const merged = others.length > 0 && !input.decidedInView;
  const reason: Reason = merged
    ? { kind: 'merge', others: others.map(({ member }) => hostOf(member)), choice }
    : previous?.owner === holder.member
      ? previous.reason
      : { kind: 'found' };
  // What the owner was told last may be ahead of what it has reported.
  const ahead = previous?.owner === holder.member && compareGrants(previous.grant, holder.grant) > 0;
  return { owner: holder.member, reason, kept: ahead ? previous.grant : holder.grant };
}

function give(input: AssignmentInput, set: PoolSet, placement: Placement): Draft {
  const nobody = (why: string): Draft => ({ owner: null, reason: { kind: 'nobody', why }, kept: null });
  if (!input.mature) return nobody('waiting for the other hosts after a cold start');
  const chosen = placement.choose(set);
  if (chosen === null) {
    const hindered = placement.candidates.map((candidate) => `${candidate.host} ${hindrance(candidate, set)}`);
    return nobody(hindered.length === 0 ? 'no member has reported yet' : `no host may hold it: ${hindered.join('; ')}`);
  }
  return { owner: chosen.member, reason: reasonToGive(input, set, placement, chosen.choice), kept: null };
}

function reasonToGive(input: AssignmentInput, set: PoolSet, placement: Placement, choice: Choice): Reason {
  const owner = input.previous.get(set.name)?.owner ?? input.holders.get(set.name)?.[0]?.member;
  if (owner === undefined) return { kind: 'first', choice };
  const from = hostOf(owner);
  const candidate = placement.find(owner);
  const why = candidate === null ? null : hindrance(candidate, set);
  if (why !== null) return { kind: 'handover', from, why, choice };
  return input.view.members.includes(owner) ? { kind: 'first', choice } : { kind: 'takeover', from, choice };
}

function movesOf(pool: Pool, drafts: ReadonlyMap<SetName, Draft>, placement: Placement): readonly BalanceMove[] {
  const owners = new Map<SetName, MemberId>();
  for (const [set, { owner }] of drafts) if (owner !== null) owners.set(set, owner);
  return balanceMoves(pool, owners, placement);
}

function draftOf({ from, to, choice }: BalanceMove): Draft {
  return { owner: to, reason: { kind: 'balance', from: hostOf(from), choice }, kept: null };
}

function finish(input: AssignmentInput, set: PoolSet, draft: Draft | undefined): Assignment {
  const { owner, reason, kept } = draft ?? { owner: null, reason: { kind: 'nobody', why: 'unknown' }, kept: null };
  const previous = input.previous.get(set.name);
  const holders = (input.holders.get(set.name) ?? []).map(({ member }) => member);
  const releasing = holders.filter((member) => member !== owner).sort();
  const unchanged = previous !== undefined && previous.owner === owner;
  // Somebody to release that this view has not told yet: a new grant, so that the owner says anew that it has claimed.
  const told = unchanged && input.decidedInView ? previous.releasing : [];
  const contested = releasing.some((member) => !told.includes(member));
  const grant = contested
    ? input.grant
    : owner === null
      ? unchanged
        ? previous.grant
        : input.grant
      : (kept ?? input.grant);
  return { set: set.name, owner, grant, releasing, reason, ageMs: unchanged ? previous.ageMs : 0 };
}
