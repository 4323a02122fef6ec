/**
 * Silence is not death, seen from both sides. What a silent host still answers for is left to it, and it is told so; one that hears
 * this, and so has to stand back, keeps what it has for as long as it is told, and claims nothing. So there is one holder all the time:
 * who takes over says at the same moment that nothing is left to it any more.
 */
import { sameList } from '../membership/identity.ts';
import { compareViewIds, hostOf, type MemberId, type View, type ViewId } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import { isBarred } from './isolation.ts';
import type { Assignment, LeftSet } from './message.ts';
import type { Holding, OwnershipState } from './state.ts';

/** Silent members to whom it is left what they have, as decided in a view. */
export type Spared = { readonly view: View; readonly members: readonly MemberId[] };

/**
 * What the channel is to be told: in each view, and where it changes. Null: it knows, or nothing is decided in this view yet, and it is left to
 * all whom it lost.
 *
 * @param told what it was told last
 */
export function sparedNews(state: OwnershipState, told: Spared | null): Spared | null {
  const { view, decided } = state;
  if (view === null || decided === 0) return null;
  const members = sparedMembers(state);
  return told !== null && view === told.view && sameList(members, told.members) ? null : { view, members };
}

/** Those whose hosts answer, as far as the newest decision left them anything. */
function sparedMembers({
  answering,
  assignments,
}: Pick<OwnershipState, 'answering' | 'assignments'>): readonly MemberId[] {
  if (answering.size === 0) return [];
  const known = [...assignments.values()];
  return [...answering].filter((member) => known.some((assignment) => isLeftTo(assignment, member)));
}

/** The decision gives it to that member, or, once that is out of the view, to nobody else. */
export function isLeftTo({ owner, reason }: Pick<Assignment, 'owner' | 'reason'>, member: MemberId): boolean {
  return owner === member || (owner === null && reason.kind === 'answering' && reason.host === hostOf(member));
}

/** What the newest decision leaves to silent members. */
export function leftSets({ assignments }: Pick<OwnershipState, 'assignments'>): readonly LeftSet[] {
  const left: LeftSet[] = [];
  for (const [set, { owner, reason }] of assignments) {
    if (owner === null && reason.kind === 'answering' && reason.member !== undefined)
      left.push({ set, member: reason.member });
  }
  return left;
}

/**
 * What the newest decision, or before there is one in this view others, leave to silent members that this one was never in a view with.
 * Its channel knows nothing of them, so it asks their hosts without being told to, lest it takes over from them when it leads.
 */
export function leftToUnknown(state: OwnershipState): readonly LeftSet[] {
  const left = new Map<SetName, LeftSet>();
  if (state.decided === 0)
    for (const report of state.reports.values()) for (const entry of report.left) left.set(entry.set, entry);
  for (const entry of leftSets(state)) left.set(entry.set, entry);
  if (left.size === 0) return [];
  const present = new Set(state.view?.members.map(hostOf));
  return [...left.values()].filter(({ member }) => !state.wereWith.has(member) && !present.has(hostOf(member)));
}

/** What is known to be with the member, by the newest decision or by what others say of one that is unknown here. */
export function setsLeftTo(state: OwnershipState, member: MemberId): readonly SetName[] {
  const sets = new Set<SetName>();
  for (const [set, assignment] of state.assignments) if (isLeftTo(assignment, member)) sets.add(set);
  for (const left of leftToUnknown(state)) if (left.member === member) sets.add(left.set);
  return [...sets];
}

/** Those members, each once. */
export function unknownSilent(state: OwnershipState): readonly MemberId[] {
  return [...new Set(leftToUnknown(state).map(({ member }) => member))].sort();
}

/**
 * Whether this member, which stands back, goes on to have the set. What it got in a view without those that it stands back for they know
 * nothing of, and may give to another: that is not left to it. What was said before a stall, or waited for its end in a socket, says
 * nothing of now.
 */
export function keepsWhatItHas(state: OwnershipState, { grant }: Pick<Holding, 'grant'>): boolean {
  if (!state.spared || state.stalledUntil !== null || isBarred(state)) return false;
  return state.apart.every((member) => {
    const common = state.wereWith.get(member) ?? newestWithOthers(state);
    return common !== null && compareViewIds(grant.view, common) <= 0;
  });
}

/** One that came after this member fell silent knows what those know of it that it was with before: the newest view with any who are not here. */
function newestWithOthers({ wereWith, view }: OwnershipState): ViewId | null {
  let newest: ViewId | null = null;
  for (const [member, id] of wereWith) {
    if (view?.members.includes(member)) continue;
    if (newest === null || compareViewIds(id, newest) > 0) newest = id;
  }
  return newest;
}

/** Those that have gone for longest make room: the largest group there may be, with as many that have gone. */
const wereWithMax = 128;

export function noteTogether({ wereWith }: OwnershipState, { id, members }: View): ReadonlyMap<MemberId, ViewId> {
  const known = new Map(wereWith);
  for (const member of members) {
    known.delete(member);
    known.set(member, id);
  }
  return known.size <= wereWithMax ? known : new Map([...known].slice(-wereWithMax));
}
