/**
 * Which members should be in a view together: a clique of members that hear each other. Worked out by everyone from
 * heartbeats alone, and so that a standing cut, one-way or partial, leads to finitely many views: a view loses members
 * only when a link within it breaks, and gains them only by taking in another view whole. A larger clique is not
 * preferred to a standing one; that would flap.
 */
import { membersMax } from './bounds.ts';
import { Circle, type Hearing, hearingOf, type Listener } from './hearing.ts';
import type { Incarnation } from './identity.ts';
import { compareMaybeViewIds } from './identity.ts';
import type { MemberState } from './member-state.ts';
import { isMutual } from './peer.ts';
import type { Turn } from './turn.ts';
import { compareViewIds, type MemberId, type ViewId } from './view.ts';

type Node = Listener & {
  /** Its place among them all. */
  readonly at: number;
  readonly member: MemberId;
  readonly view: ViewId | null;
  readonly viewMembers: readonly Incarnation[];
};

type Nodes = { readonly all: readonly Node[]; readonly self: Node; readonly hearing: Hearing };

export type Candidates = {
  /** Those of this member's view that stay together with it, itself included. Sorted. */
  readonly own: readonly MemberId[];
  /** `own` and every other view that can be taken in whole. Sorted; the first leads. */
  readonly all: readonly MemberId[];
};

/** Keeps in the state what the next time may be the same. */
export function candidates(turn: Turn): Candidates {
  const nodes = nodesOf(turn.state);
  turn.state.hearing = nodes.hearing;
  const circle = ownCircle(turn.state, nodes);
  const own = membersOf(circle, nodes);
  if (own.length === nodes.all.length) return { own, all: own };
  takeInWholeViews(circle, nodes);
  return { own, all: circle.members.length === own.length ? own : membersOf(circle, nodes) };
}

/** This member and all that hear it and are heard, sorted by member, as the peers are. */
function nodesOf(state: MemberState): Nodes {
  const { options, incarnation, host, view } = state;
  const all: Node[] = [];
  let self: Node | null = null;
  const addSelf = (): Node => {
    const node = {
      at: all.length,
      member: options.self,
      incarnation,
      host,
      hears: null,
      view: view?.id ?? null,
      viewMembers: [],
    };
    all.push(node);
    return node;
  };
  for (const peer of state.peers) {
    if (!isMutual(peer, incarnation)) continue;
    if (self === null && options.self < peer.member) self = addSelf();
    const { member, hears, report } = peer;
    all.push({
      at: all.length,
      member,
      incarnation: peer.incarnation,
      host: peer.host,
      hears,
      view: report.view,
      viewMembers: report.viewMembers,
    });
  }
  self ??= addSelf();
  return { all, self, hearing: hearingOf(all, state.hearing) };
}

/** In this member's view, and not moved on to one without it. One that is behind has its commit under way. */
function stays(state: MemberState, node: Node): boolean {
  if (state.view === null || !state.view.members.includes(node.member)) return false;
  return compareMaybeViewIds(node.view, state.view.id) <= 0;
}

/** The lowest member takes all it can, then the lowest that is left: everyone with the same picture agrees. */
function ownCircle(state: MemberState, { all, self, hearing }: Nodes): Circle {
  let rest = all.filter((node) => node === self || stays(state, node));
  for (;;) {
    const circle = new Circle(hearing);
    for (const { at } of rest) circle.add(at);
    if (circle.has(self.at)) return circle;
    rest = rest.filter(({ at }) => !circle.has(at));
  }
}

function takeInWholeViews(circle: Circle, { all, self }: Nodes): void {
  const heard = new Set<Incarnation>();
  for (const { incarnation } of all) heard.add(incarnation);
  for (const group of groupsByView(all.filter(({ at }) => !circle.has(at)))) {
    if (isOwnView(self, group) || circle.members.length + group.length > membersMax || !isWhole(heard, group)) continue;
    circle.addAll(group.map(({ at }) => at));
  }
}

/** Members of the own view that fell out of the clique come back by a view of their own. */
function isOwnView(self: Node, group: readonly Node[]): boolean {
  const view = group[0]?.view ?? null;
  return view !== null && self.view !== null && compareViewIds(view, self.view) === 0;
}

/** Everyone of that view who is alive for any of its members is in the group, or known to be elsewhere. */
function isWhole(heard: ReadonlySet<Incarnation>, group: readonly Node[]): boolean {
  return group.every(({ viewMembers, hears }) =>
    viewMembers.every((member) => heard.has(member) || hears?.has(member) !== true),
  );
}

/** Sorted by their lowest member, as the nodes are. Members without a view are each their own group. */
function groupsByView(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const groups: Node[][] = [];
  for (const node of nodes) {
    const group = node.view === null ? undefined : groups.find(([first]) => isOfView(first, node.view));
    if (group === undefined) groups.push([node]);
    else group.push(node);
  }
  return groups;
}

function isOfView(node: Node | undefined, view: ViewId | null): boolean {
  return node !== undefined && compareMaybeViewIds(node.view, view) === 0;
}

/** Sorted, as all are. */
function membersOf(circle: Circle, { all }: Nodes): readonly MemberId[] {
  const members: MemberId[] = [];
  for (const { at, member } of all) if (circle.has(at)) members.push(member);
  return members;
}
