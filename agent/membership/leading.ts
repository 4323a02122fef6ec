/** Leading an agreement: propose, collect the promises, commit. */
import { nextBallot } from './ballot.ts';
import { sameList } from './identity.ts';
import { install } from './install.ts';
import type { Agreement, Promised, Recall } from './member-state.ts';
import type { LinkMessage, Recalled } from './message.ts';
import type { Peer } from './peer.ts';
import { nextRandom } from './random.ts';
import { sendTo } from './send.ts';
import type { Turn } from './turn.ts';
import { compareViewIds, later, type MemberId, type ViewId } from './view.ts';

type Leading = Agreement & { kind: 'leading' };

/** @param members sorted, this member among them */
export function propose(turn: Turn, members: readonly MemberId[]): void {
  const { options } = turn.state;
  const ballot = nextBallot(turn.state);
  const leading: Leading = {
    kind: 'leading',
    ballot,
    members,
    since: turn.now,
    promises: [ownPromise(turn)],
    recalls: ownKept(turn).map((message) => recallFrom(options.self, message)),
  };
  turn.state.promised = ballot;
  turn.state.agreement = leading;
  const { view, delivery } = turn.state;
  const has = view === null ? {} : { has: { former: view.id, delivered: delivery.delivered } };
  for (const member of members)
    if (member !== options.self) sendTo(turn, member, { kind: 'propose', ballot, members, ...has });
  turn.urgent = true;
  commitWhenComplete(turn, leading);
}

export function receiveRecall(turn: Turn, peer: Peer, message: LinkMessage & { kind: 'recall' }): void {
  const leading = current(turn, message.ballot);
  if (leading === null) return;
  const recalls: readonly Recall[] = [...leading.recalls, recallFrom(peer.member, message.message)];
  turn.state.agreement = changedLeading(leading, leading.promises, recalls);
}

export function receivePromise(turn: Turn, peer: Peer, message: LinkMessage & { kind: 'promise' }): void {
  const leading = current(turn, message.ballot);
  if (leading === null || !leading.members.includes(peer.member)) return;
  if (leading.promises.some((promise) => promise.member === peer.member)) return;
  const { level, former, formerMembers, delivered } = message;
  const promises: readonly Promised[] = [
    ...leading.promises,
    { member: peer.member, level, former, formerMembers, delivered },
  ];
  const next = changedLeading(leading, promises, leading.recalls);
  turn.state.agreement = next;
  commitWhenComplete(turn, next);
}

/** A higher ballot is topped at once; other reasons need newer heartbeats first. Repeated ones wait longer, at random. */
export function receiveRefuse(turn: Turn, message: LinkMessage & { kind: 'refuse' }): void {
  const { refusals, options } = turn.state;
  if (current(turn, message.ballot) === null) return;
  const random = nextRandom(turn.state.random);
  const atOnce = message.reason === 'lower-ballot' && refusals === 0;
  const waitMs = Math.min(options.heartbeatMs, 5 * 2 ** Math.min(refusals, 16)) * (0.5 + (random % 1024) / 2048);
  turn.state.random = random;
  turn.state.refusals = refusals + 1;
  turn.state.retryAt = later(turn.now, atOnce ? 0 : waitMs);
  turn.state.agreement = { kind: 'idle' };
  turn.state.ballotFloor = Math.max(turn.state.ballotFloor, message.highest?.counter ?? 0);
  turn.reconsider = true;
}

export function ownPromise(turn: Turn): Promised {
  const { options, view, delivery } = turn.state;
  return {
    member: options.self,
    level: options.level,
    former: view?.id ?? null,
    formerMembers: view?.members ?? [],
    delivered: delivery.delivered,
  };
}

/** Everything delivered here that another may not have delivered, in the order of the view and of their numbers. */
export function ownKept(turn: Turn): readonly Recalled[] {
  const { view, delivery } = turn.state;
  if (view === null) return [];
  return view.members.flatMap((sender, index) =>
    (delivery.kept[index] ?? []).map(({ number, payload }) => ({ sender, number, payload })),
  );
}

function recallFrom(from: MemberId, { sender, number, payload }: Recalled): Recall {
  return { sender, number, payload, from };
}

/** Written out: see `copyOfState`. */
function changedLeading(leading: Leading, promises: readonly Promised[], recalls: readonly Recall[]): Leading {
  const { kind, ballot, members, since } = leading;
  return { kind, ballot, members, since, promises, recalls };
}

function current(turn: Turn, ballot: ViewId): Leading | null {
  const { agreement } = turn.state;
  return agreement.kind === 'leading' && compareViewIds(agreement.ballot, ballot) === 0 ? agreement : null;
}

function commitWhenComplete(turn: Turn, leading: Leading): void {
  if (leading.promises.length < leading.members.length) return;
  const { options } = turn.state;
  const level = Math.min(...leading.promises.map((promise) => promise.level));
  const plans = new Map(leading.promises.map((promise) => [promise.member, planFor(promise, leading)]));
  for (const [member, plan] of plans) {
    if (member === options.self) continue;
    for (const message of plan.catchUp) sendTo(turn, member, { kind: 'catch-up', ballot: leading.ballot, message });
    const { ballot, members } = leading;
    sendTo(turn, member, { kind: 'commit', ballot, level, members, together: plan.together });
  }
  const own = plans.get(options.self);
  if (own === undefined) return;
  const { catchUp, together } = own;
  install(turn, { id: leading.ballot, level, members: leading.members, together, catchUp });
}

/**
 * Each gets what any of its former view delivered and it did not. All of it is among the recalled, its own too: who delivered a message
 * keeps it until everybody is known to have. Where a recall is missing nevertheless, nobody of that view goes together.
 */
function planFor(promise: Promised, leading: Leading): { catchUp: readonly Recalled[]; together: readonly MemberId[] } {
  const group = leading.promises.filter((other) => isTogether(promise, other));
  const catchUp: Recalled[] = [];
  for (const [index, sender] of promise.formerMembers.entries()) {
    const target = Math.max(...group.map((other) => other.delivered[index] ?? 0));
    for (let number = (promise.delivered[index] ?? 0) + 1; number <= target; number += 1) {
      const recalled = findRecall(leading, group, sender, number);
      if (recalled === undefined) return { catchUp: [], together: [promise.member] };
      catchUp.push(recalled);
    }
  }
  return { catchUp, together: group.map((other) => other.member).sort() };
}

function isTogether(a: Promised, b: Promised): boolean {
  if (a.member === b.member) return true;
  if (a.former === null || b.former === null || compareViewIds(a.former, b.former) !== 0) return false;
  return sameList(a.formerMembers, b.formerMembers);
}

function findRecall(
  leading: Leading,
  group: readonly Promised[],
  sender: MemberId,
  number: number,
): Recalled | undefined {
  const found = leading.recalls.find(
    (recall) =>
      recall.sender === sender && recall.number === number && group.some((other) => other.member === recall.from),
  );
  return found === undefined ? undefined : { sender, number, payload: found.payload };
}
