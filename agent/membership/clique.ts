/**
 * Which members should be in a view together: a clique of members that hear each other. Worked out by everyone from
 * heartbeats alone, and so that a standing cut, one-way or partial, leads to finitely many views: a view loses members
 * only when a link within it breaks, and gains them only by taking in another view whole. A larger clique is not
 * preferred to a standing one; that would flap.
 */
import { membersMax } from './bounds.ts';
import type { Incarnation } from './identity.ts';
import { compareMaybeViewIds } from './identity.ts';
import type { MemberState } from './member-state.ts';
import { isMutual } from './peer.ts';
import { compareViewIds, type HostName, type MemberId, type ViewId } from './view.ts';

type Node = {
  readonly member: MemberId;
  readonly incarnation: Incarnation;
  readonly host: HostName;
  readonly hears: ReadonlySet<Incarnation>;
  readonly view: ViewId | null;
  readonly viewMembers: readonly Incarnation[];
};

export type Candidates = {
  /** Those of this member's view that stay together with it, itself included. Sorted. */
  readonly own: readonly MemberId[];
  /** `own` and every other view that can be taken in whole. Sorted; the first leads. */
  readonly all: readonly MemberId[];
};

export function candidates(state: MemberState): Candidates {
  const others: Node[] = [];
  for (const peer of state.peers) {
    if (!isMutual(peer, state.incarnation)) continue;
    const { view, viewMembers } = peer.report;
    others.push({
      member: peer.member,
      incarnation: peer.incarnation,
      host: peer.host,
      hears: peer.hears,
      view,
      viewMembers,
    });
  }
  const self: Node = {
    member: state.options.self,
    incarnation: state.incarnation,
    host: state.host,
    hears: new Set(others.map((node) => node.incarnation)),
    view: state.view?.id ?? null,
    viewMembers: [],
  };
  const own = cliqueOf(self, [self, ...others.filter((node) => stays(state, node))]);
  const all = withWholeViews(self, own, others);
  return { own: sortedMembers(own), all: sortedMembers(all) };
}

/** In this member's view, and not moved on to one without it. One that is behind has its commit under way. */
function stays(state: MemberState, node: Node): boolean {
  if (state.view === null || !state.view.members.includes(node.member)) return false;
  return compareMaybeViewIds(node.view, state.view.id) <= 0;
}

/** The lowest member takes all it can, then the lowest that is left: everyone with the same picture agrees. */
function cliqueOf(self: Node, nodes: readonly Node[]): readonly Node[] {
  let rest = [...nodes].sort(byMember);
  for (;;) {
    const clique: Node[] = [];
    for (const node of rest) if (fits(node, clique)) clique.push(node);
    if (clique.includes(self)) return clique;
    rest = rest.filter((node) => !clique.includes(node));
  }
}

function withWholeViews(self: Node, own: readonly Node[], others: readonly Node[]): readonly Node[] {
  const all = [...own];
  for (const group of groupsByView(others.filter((node) => !own.includes(node)))) {
    if (isOwnView(self, group) || all.length + group.length > membersMax || !isWhole(self, group)) continue;
    const before = all.length;
    for (const node of group) if (fits(node, all)) all.push(node);
    if (all.length < before + group.length) all.length = before; // not all of them fit
  }
  return all;
}

/** Members of the own view that fell out of the clique come back by a view of their own. */
function isOwnView(self: Node, group: readonly Node[]): boolean {
  const view = group[0]?.view ?? null;
  return view !== null && self.view !== null && compareViewIds(view, self.view) === 0;
}

/** Everyone of that view who is alive for any of its members is in the group, or known to be elsewhere. */
function isWhole(self: Node, group: readonly Node[]): boolean {
  return group.every((node) =>
    node.viewMembers.every(
      (member) => member === self.incarnation || self.hears.has(member) || !node.hears.has(member),
    ),
  );
}

/** Sorted by their lowest member. Members without a view are each their own group. */
function groupsByView(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const groups: Node[][] = [];
  for (const node of [...nodes].sort(byMember)) {
    const view = node.view;
    const group =
      view === null
        ? undefined
        : groups.find(
            ([first]) => first !== undefined && first.view !== null && compareViewIds(first.view, view) === 0,
          );
    if (group === undefined) groups.push([node]);
    else group.push(node);
  }
  return groups;
}

function fits(node: Node, clique: readonly Node[]): boolean {
  for (const { hears, incarnation, host } of clique) {
    if (host === node.host || !hears.has(node.incarnation) || !node.hears.has(incarnation)) return false;
  }
  return true;
}

function byMember(a: Node, b: Node): number {
  return a.member < b.member ? -1 : a.member > b.member ? 1 : 0;
}

function sortedMembers(nodes: readonly Node[]): readonly MemberId[] {
  return nodes.map((node) => node.member).sort();
}
