/**
 * Carries out on this host what the decisions say: claim, keep, give, release. Make before break: what belongs to another
 * is kept until the other says, for the grant in force, that it has it. Break before make, where a set asks for it: it goes at
 * once, and the other waits until this host says, for the grant in force, that it is gone.
 */
import type { MemberId } from '../membership/view.ts';
import { adoptedGrant, compareGrants, type Grant, type SetName } from './grant.ts';
import { isBarred } from './isolation.ts';
import type { Assignment, GrantedSet } from './message.ts';
import { isForThisHostAlone, unableSets } from './report.ts';
import { keepsWhatItHas } from './spared.ts';
import {
  changedState,
  granted,
  type Holding,
  type OwnershipEffect,
  type OwnershipState,
  type PlacedAssignment,
  type Step,
} from './state.ts';

/** Brings the holdings in line with the newest decision, for `sets` or for all there are. */
export function reconcile(state: OwnershipState, sets?: readonly SetName[]): Step {
  const holdings = new Map(state.holdings);
  const todo = new Todo();
  for (const set of sets ?? new Set([...state.assignments.keys(), ...holdings.keys()])) {
    const assignment = state.assignments.get(set);
    const holding = holdings.get(set);
    if (!state.setNames.has(set)) {
      // Not in this host's file any more, whatever is decided about it.
      const stays = holding === undefined || holding.phase === 'claiming' || holding.phase === 'releasing';
      if (!stays && !isUntouched(state)) holdings.set(set, letGo(set, holding, todo));
      continue;
    }
    if (assignment === undefined) {
      // No decision about it: it stays as it is, unless another side may decide.
      if (isBarred(state) && (holding?.phase === 'held' || holding?.phase === 'giving')) {
        holdings.set(set, letGo(set, holding, todo));
      }
      continue;
    }
    const next =
      assignment.owner === state.self
        ? own(state, assignment, holding, todo)
        : yieldTo(state, assignment, holding, todo);
    if (next === undefined) holdings.delete(set);
    else holdings.set(set, next);
  }
  return { state: changedState(state, { holdings }), effects: todo.effects() };
}

/** The kernel has them and they were announced: the group is told, those that go elsewhere by now are given on. */
export function onClaimed(state: OwnershipState, sets: readonly SetName[]): Step {
  const holdings = new Map(state.holdings);
  const failures = new Map(state.failures);
  const told: GrantedSet[] = [];
  for (const set of sets) {
    failures.delete(set);
    const holding = holdings.get(set);
    if (holding === undefined || holding.phase !== 'claiming') continue;
    const held: Holding = { grant: holding.grant, phase: 'held' };
    holdings.set(set, held);
    told.push(granted(set, held));
  }
  if (state.view === null) {
    // Lost while it was under way.
    return letGoOf(
      changedState(state, { holdings, failures }),
      told.map(({ set }) => set),
    );
  }
  const reconciled = reconcile(changedState(state, { holdings, failures }), sets);
  const mine = told.filter(
    ({ set }) => state.assignments.get(set)?.owner === state.self && state.setNames.has(set), // else it goes at once
  );
  const tell: readonly OwnershipEffect[] =
    mine.length === 0 ? [] : [{ kind: 'send', message: { kind: 'claimed', sets: mine } }];
  return { state: reconciled.state, effects: [...tell, ...reconciled.effects] };
}

/** Of those that are here. The kernel is asked once: what is on its way out or in answers for itself. */
export function letGoOf(state: OwnershipState, sets: readonly SetName[]): Step {
  const holdings = new Map(state.holdings);
  const gone = sets.filter((set) => {
    const holding = holdings.get(set);
    if (holding === undefined || holding.phase === 'releasing' || holding.phase === 'claiming') return false;
    holdings.set(set, { grant: holding.grant, phase: 'releasing' });
    return true;
  });
  return {
    state: changedState(state, { holdings }),
    effects: gone.length === 0 ? [] : [{ kind: 'release', sets: gone }],
  };
}

/** Gone from the kernel: the group is told; what this host was given back meanwhile is claimed again. */
export function onReleased(state: OwnershipState, sets: readonly SetName[]): Step {
  const holdings = new Map(state.holdings);
  const gone = sets.filter((set) => holdings.has(set));
  const told = gone.map((set): GrantedSet => ({ set, grant: grantInForce(state, set) }));
  for (const set of gone) holdings.delete(set);
  if (gone.length === 0) return { state, effects: [] };
  const releases = new Map([...state.releases, ...told.map(({ set, grant }) => [set, grant] as const)]);
  const reconciled = reconcile(changedState(state, { holdings, releases }), gone);
  return {
    state: reconciled.state,
    effects: [{ kind: 'send', message: { kind: 'released', sets: told } }, ...reconciled.effects],
  };
}

/** Another member claimed: what this host was keeping for it goes. */
export function onOthersClaim(state: OwnershipState, sender: MemberId, sets: readonly GrantedSet[]): Step {
  const claimsHeard = new Map(state.claimsHeard);
  for (const { set, grant } of sets) claimsHeard.set(set, { member: sender, grant });
  return reconcile(
    changedState(state, { claimsHeard }),
    sets.map(({ set }) => set),
  );
}

/**
 * A member does not have them. What waited for that is claimed; of what this host has, neighbours that still ask the old owner
 * hear of the new one again.
 */
export function onRelease(state: OwnershipState, sender: MemberId, released: readonly GrantedSet[]): Step {
  const releasesHeard = new Map(state.releasesHeard);
  for (const { set, grant } of released) releasesHeard.set(set, new Map(releasesHeard.get(set)).set(sender, grant));
  const sets = released.map(({ set }) => set);
  const held = sets.filter(
    (set) =>
      sender !== state.self &&
      state.stalledUntil === null && // the end of the stall announces all of it, or it is another's by now
      state.holdings.get(set)?.phase === 'held' &&
      state.assignments.get(set)?.owner === state.self,
  );
  const announce: readonly OwnershipEffect[] = held.length === 0 ? [] : [{ kind: 'announce', sets: held }];
  const reconciled = reconcile(changedState(state, { releasesHeard }), sets); // what waited for the release is claimed
  return { state: reconciled.state, effects: [...announce, ...reconciled.effects] };
}

/** Break before make: who was thought to have a set, and does not, says so, because its new owner waits for that. */
export function acknowledgeReleases(
  state: OwnershipState,
  assignments: readonly Assignment[],
): readonly OwnershipEffect[] {
  const sets = assignments
    .filter(({ set, handover, releasing }) => {
      const asked = handover === 'break-before-make' && releasing.includes(state.self);
      return asked && !state.holdings.has(set);
    })
    .map(({ set, grant }): GrantedSet => ({ set, grant }));
  return sets.length === 0 ? [] : [{ kind: 'send', message: { kind: 'released', sets } }];
}

function grantInForce({ assignments, holdings, self }: OwnershipState, set: SetName): Grant {
  return assignments.get(set)?.grant ?? holdings.get(set)?.grant ?? adoptedGrant(self);
}

function own(
  state: OwnershipState,
  assignment: PlacedAssignment,
  holding: Holding | undefined,
  todo: Todo,
): Holding | undefined {
  const { set, grant } = assignment;
  if (holding === undefined) {
    if (state.leavingUntil !== null || state.abandoning || isOutFor(state, set) || unableSets(state).has(set))
      return undefined;
    if (state.stalledUntil !== null) return undefined; // until it knows whether another has it
    if (state.decided === 0) return undefined; // an older view's word is no grant in this one
    if (!isFree(state, assignment)) return undefined;
    todo.claim.push(set);
    return { grant, phase: 'claiming' };
  }
  if (holding.phase === 'releasing') return holding; // claimed again once it is gone
  if (holding.phase === 'claiming') return { grant, phase: 'claiming' };
  if (isOutFor(state, set) && !keepsWhatItHas(state, holding)) return letGo(set, holding, todo);
  if (state.stalledUntil !== null) return holding;
  const news = holding.phase === 'giving' || compareGrants(grant, holding.grant) !== 0;
  if (!news) return holding;
  todo.announce.push(set);
  todo.claimed.push({ set, grant });
  return { grant, phase: 'held' };
}

function yieldTo(
  state: OwnershipState,
  assignment: PlacedAssignment,
  holding: Holding | undefined,
  todo: Todo,
): Holding | undefined {
  const { set, owner, grant, handover } = assignment;
  // A claim under way comes back as an event first: the kernel is never asked for two things about one set.
  if (holding === undefined || holding.phase === 'releasing' || holding.phase === 'claiming') return holding;
  const heard = state.claimsHeard.get(set);
  const ownerHasIt = heard !== undefined && heard.member === owner && compareGrants(heard.grant, grant) >= 0;
  if (holding.phase === 'held' && isUntouched(state)) return holding;
  if (owner === null || isOutFor(state, set)) return letGo(set, holding, todo);
  if (ownerHasIt) {
    todo.retire.push(set);
    return { grant: holding.grant, phase: 'releasing' };
  }
  if (handover === 'break-before-make') return letGo(set, holding, todo);
  if (holding.phase === 'held') todo.hush.push(set);
  return { grant: holding.grant, phase: 'giving' };
}

/** Whether everybody who had it has said, for this grant, that it does not have it; make before break does not ask. */
function isFree(
  { releasesHeard, view }: OwnershipState,
  { set, grant, handover, releasing }: PlacedAssignment,
): boolean {
  if (handover === 'make-before-break') return true;
  const heard = releasesHeard.get(set);
  return releasing.every((member) => {
    const released = heard?.get(member);
    return !view?.members.includes(member) || (released !== undefined && compareGrants(released, grant) >= 0);
  });
}

/** What is held here is not given up: the group is frozen, or this member leaves its addresses where they are. */
function isUntouched(state: OwnershipState): boolean {
  return state.abandoning || (state.freeze.frozen && !isOut(state));
}

/** Others may hold, or do hold, what this member has: it stood still, is in a minority or isolated, or they moved on to a view without it. */
export function isOut(state: OwnershipState): boolean {
  const { apart, view } = state;
  return isBarred(state) || apart.some((member) => view?.members.includes(member));
}

/** The same about one set: who is cut off by others' choice keeps what none of them may ever have. */
export function isOutFor(state: OwnershipState, set: SetName): boolean {
  return isOut(state) && (isBarred(state) || !isForThisHostAlone(state, set));
}

function letGo(set: SetName, holding: Holding, todo: Todo): Holding {
  todo.release.push(set);
  return { grant: holding.grant, phase: 'releasing' };
}

/** Effects of one pass, many sets in each. */
class Todo {
  readonly claim: SetName[] = [];
  readonly release: SetName[] = [];
  readonly retire: SetName[] = [];
  readonly announce: SetName[] = [];
  readonly hush: SetName[] = [];
  readonly claimed: GrantedSet[] = [];

  effects(): readonly OwnershipEffect[] {
    const effects: OwnershipEffect[] = [];
    if (this.hush.length > 0) effects.push({ kind: 'hush', sets: this.hush });
    if (this.claim.length > 0) effects.push({ kind: 'claim', sets: this.claim });
    if (this.announce.length > 0) effects.push({ kind: 'announce', sets: this.announce });
    if (this.claimed.length > 0) effects.push({ kind: 'send', message: { kind: 'claimed', sets: this.claimed } });
    if (this.retire.length > 0) effects.push({ kind: 'retire', sets: this.retire });
    if (this.release.length > 0) effects.push({ kind: 'release', sets: this.release });
    return effects;
  }
}
