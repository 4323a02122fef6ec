/**
 * The coordinator's choice: who owns which set. A pure function of what it knows, in no order that matters.
 * Who may keep a set keeps it; what has no owner goes by priority, load and name; nothing else moves.
 */
import { type HostName, hostOf, type InstantMs, type MemberId, type View } from '../membership/view.ts';
import { type BalanceMove, balanceMoves } from './balance.ts';
import { type Candidate, hindrance } from './candidates.ts';
import { failbackTarget } from './failback.ts';
import { frozenAssignments } from './frozen.ts';
import { compareGrants, type Grant, isAdopted, type SetName } from './grant.ts';
import { chooseKeeper, type Holder } from './keeper.ts';
import type { Assignment, Waiting } from './message.ts';
import type { Orders, RunningBalance } from './orders.ts';
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
  /** Who may have it in the kernel though nobody says so: it was told to give it up, and has not said that it did. */
  readonly lettingGo: ReadonlyMap<SetName, readonly MemberId[]>;
  /** What the coordinator knew before; its owners may be gone. */
  readonly previous: ReadonlyMap<SetName, Assignment>;
  /** Whether `previous` was decided in this view: then its owners stand, and no merge order applies. */
  readonly decidedInView: boolean;
  /** False while a cold start waits for hosts: then nobody gets a set that nobody holds. */
  readonly mature: boolean;
  readonly orders: Orders;
  readonly frozen: boolean;
  /** Sets that nobody is to get, because they wait for a host. */
  readonly waiting: ReadonlyMap<SetName, Waiting>;
  /** Why nobody may have anything on this side of a cut; null: it may serve. */
  readonly minority: string | null;
  /** What nobody of the view holds is not given yet: the other side of a cut may still have to let go of it. */
  readonly fenced: boolean;
  readonly now: InstantMs;
  /** The grant of everything that changes. */
  readonly grant: Grant;
};

type Draft = {
  readonly owner: MemberId | null;
  readonly reason: Reason;
  /** null: it is a new one. */
  readonly kept: Grant | null;
  readonly pinned: boolean;
};

/** One entry for every set of the pool, in the pool's order; `ageMs` is 0 where the owner changed, else as before. */
export function assign(input: AssignmentInput): readonly Assignment[] {
  if (input.minority !== null) return input.pool.sets.map((set) => finish(input, set, withhold(input, set)));
  if (input.frozen) return frozenAssignments(input);
  const { orders } = input;
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
    const target = orders.moves.get(set.name);
    const known = drafts.get(set.name);
    if (target !== undefined) moveTo(set, target, known);
    else if (known === undefined) draft(set, stay(input, set, placement) ?? give(input, set, placement));
    else if (known.owner !== null && !known.pinned && input.mature) moveBack(set, known.owner);
  }
  if (orders.balance.kind !== 'none' && input.mature) {
    for (const move of movesOf(input.pool, orders.balance, drafts, placement)) drafts.set(move.set, draftOf(move));
  }
  return input.pool.sets.map((set) => finish(input, set, drafts.get(set.name)));

  function moveTo(set: PoolSet, target: MemberId, known: Draft | undefined): void {
    if (known?.owner === target) {
      drafts.set(set.name, { ...known, pinned: true });
      return;
    }
    const from = known?.owner ?? null;
    if (from !== null) placement.take(set, from);
    const reason: Reason = { kind: 'move', from: from === null ? null : hostOf(from) };
    draft(set, { owner: target, reason, kept: null, pinned: true });
  }

  function moveBack(set: PoolSet, owner: MemberId): void {
    if (set.failbackMs === null) return;
    const to = failbackTarget(set, owner, placement, input.now);
    if (to === null) return;
    placement.take(set, owner);
    const reason: Reason = { kind: 'failback', from: hostOf(owner), choice: 'preferred' };
    draft(set, { owner: to, reason, kept: null, pinned: false });
  }
}

/** null where no holder may go on. */
function keep(input: AssignmentInput, set: PoolSet, placement: Placement): Draft | null {
  const holders = input.holders.get(set.name);
  if (holders === undefined) return null;
  const previous = input.previous.get(set.name);
  const able = holders.filter(({ member }) => {
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
  const stands = previous?.owner === holder.member && previous.reason.kind !== 'stays';
  const reason: Reason = merged
    ? { kind: 'merge', others: others.map(({ member }) => hostOf(member)).sort(), choice }
    : stands
      ? previous.reason
      : reasonToHaveKept(input, set, placement, holder.member);
  const pinned = holder.pinned && !input.orders.unpin.has(set.name);
  return { owner: holder.member, reason, kept: newestGrant(previous, holder), pinned };
}

/** The one that was to get the set cannot, so that it stays; or nobody knows why the holder has it. */
function reasonToHaveKept(input: AssignmentInput, set: PoolSet, placement: Placement, holder: MemberId): Reason {
  const owner = input.previous.get(set.name)?.owner ?? holder;
  if (owner === holder) return { kind: 'found' };
  const reason = reasonToGive(input, set, placement, 'newest grant');
  return reason.kind === 'first' ? { kind: 'found' } : reason;
}

/** A drained host keeps what nobody else may have: better there than nowhere. */
function stay(input: AssignmentInput, set: PoolSet, placement: Placement): Draft | null {
  if (placement.choose(set) !== null) return null;
  const able = (input.holders.get(set.name) ?? []).filter(({ member }) => {
    const candidate = placement.find(member);
    return candidate?.drained && hindrance({ ...candidate, drained: false }, set) === null;
  });
  const keeper = chooseKeeper(set, able, placement);
  if (keeper === null) return null;
  const { holder } = keeper;
  const why = hindrances(set, placement, holder.member);
  const kept = newestGrant(input.previous.get(set.name), holder);
  return { owner: holder.member, reason: { kind: 'stays', why }, kept, pinned: false };
}

/** What the owner was told last may be ahead of what it has reported. */
function newestGrant(previous: Assignment | undefined, { member, grant }: Holder): Grant | null {
  if (previous?.owner === member && compareGrants(previous.grant, grant) > 0) return previous.grant;
  return isAdopted(grant) ? null : grant;
}

function hindrances(set: PoolSet, placement: Placement, except: MemberId | null): string {
  const hindered = placement.candidates.filter(({ member }) => member !== except);
  if (hindered.length === 0) return except === null ? 'no member has reported yet' : 'there is no other host';
  const whys = hindered.map((candidate) => `${candidate.host} ${hindrance(candidate, set)}`);
  return `no ${except === null ? '' : 'other '}host may hold it: ${whys.join('; ')}`;
}

/** On a side without majority; what waits for a host goes on to do so. */
function withhold(input: AssignmentInput, set: PoolSet): Draft {
  const waiting = input.waiting.get(set.name);
  const owner = input.previous.get(set.name)?.owner ?? null;
  const nobody: Reason =
    waiting?.why === 'abandoned'
      ? { kind: 'abandoned', host: waiting.host }
      : input.frozen
        ? { kind: 'frozen', host: waiting?.host ?? (owner === null ? null : hostOf(owner)) }
        : { kind: 'nobody', why: input.minority ?? '' };
  return { owner: null, reason: nobody, kept: null, pinned: false };
}

function give(input: AssignmentInput, set: PoolSet, placement: Placement): Draft {
  const nobody = (reason: Reason): Draft => ({ owner: null, reason, kept: null, pinned: false });
  const waiting = input.waiting.get(set.name);
  if (waiting?.why === 'abandoned') return nobody({ kind: 'abandoned', host: waiting.host });
  if (waiting?.why === 'answering') return nobody({ kind: 'answering', host: waiting.host, member: waiting.member });
  if (!input.mature) return nobody({ kind: 'nobody', why: 'waiting for the other hosts after a cold start' });
  if (input.fenced && !isGivenUpHere(input, set)) return nobody({ kind: 'fenced', from: lastHost(input, set) });
  const chosen = placement.choose(set);
  if (chosen === null) return nobody({ kind: 'nobody', why: hindrances(set, placement, null) });
  const reason = reasonToGive(input, set, placement, chosen.choice);
  return { owner: chosen.member, reason, kept: null, pinned: false };
}

/** Its owner is in the view and has it: no other side does. One that was told before this view and has not claimed may wait for a host that is gone. */
function isGivenUpHere({ previous, view, decidedInView, holders }: AssignmentInput, set: PoolSet): boolean {
  const owner = previous.get(set.name)?.owner ?? null;
  if (owner === null || !view.members.includes(owner)) return false;
  return decidedInView || (holders.get(set.name)?.some(({ member }) => member === owner) ?? false);
}

/** Which host may have it, of those that are not here. */
function lastHost({ previous, view }: AssignmentInput, set: PoolSet): HostName | null {
  const known = previous.get(set.name);
  if (known === undefined) return null;
  const gone = known.releasing.find((member) => !view.members.includes(member));
  if (known.owner !== null && view.members.includes(known.owner)) return gone === undefined ? null : hostOf(gone);
  if (known.owner !== null) return hostOf(known.owner);
  if (known.reason.kind === 'answering') return known.reason.host;
  return known.reason.kind === 'fenced' ? known.reason.from : null;
}

function reasonToGive(input: AssignmentInput, set: PoolSet, placement: Placement, choice: Choice): Reason {
  const owner = input.previous.get(set.name)?.owner ?? input.holders.get(set.name)?.[0]?.member;
  if (owner === undefined) {
    const host = lastHost(input, set);
    return host === null ? { kind: 'first', choice } : { kind: 'takeover', from: host, choice };
  }
  const from = hostOf(owner);
  const candidate = placement.find(owner);
  const why = candidate === null ? null : hindrance(candidate, set);
  if (why !== null) return { kind: 'handover', from, why, choice };
  return input.view.members.includes(owner) ? { kind: 'first', choice } : { kind: 'takeover', from, choice };
}

function movesOf(
  pool: Pool,
  balance: RunningBalance,
  drafts: ReadonlyMap<SetName, Draft>,
  placement: Placement,
): readonly BalanceMove[] {
  const owners = new Map<SetName, MemberId>();
  for (const [set, { owner, pinned }] of drafts) if (owner !== null && !pinned) owners.set(set, owner);
  return balanceMoves(pool, owners, placement, balance);
}

function draftOf({ from, to, choice }: BalanceMove): Draft {
  return { owner: to, reason: { kind: 'balance', from: hostOf(from), choice }, kept: null, pinned: false };
}

const unknown: Draft = { owner: null, reason: { kind: 'nobody', why: 'unknown' }, kept: null, pinned: false };

function finish(input: AssignmentInput, set: PoolSet, draft: Draft | undefined): Assignment {
  const { owner, reason, kept, pinned } = draft ?? unknown;
  const previous = input.previous.get(set.name);
  const holders = input.holders.get(set.name) ?? [];
  const going = set.handover === 'break-before-make' ? (input.lettingGo.get(set.name) ?? []) : [];
  const releasing = membersBut(owner, holders, going);
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
  return {
    set: set.name,
    owner,
    grant,
    releasing,
    reason,
    pinned,
    handover: set.handover,
    ageMs: unchanged ? previous.ageMs : 0,
  };
}

/** Sorted, each once. Most often nobody: a set has one holder, its owner. */
function membersBut(owner: MemberId | null, holders: readonly Holder[], others: readonly MemberId[]): MemberId[] {
  if (others.length === 0 && holders.every(({ member }) => member === owner)) return [];
  const members = new Set([...holders.map(({ member }) => member), ...others]);
  return [...members].filter((member) => member !== owner).sort();
}
