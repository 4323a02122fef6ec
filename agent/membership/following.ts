/** Following an agreement: promise or refuse, then take the commit. */
import { candidates } from './clique.ts';
import { compareMaybeViewIds } from './identity.ts';
import { install } from './install.ts';
import { ownKept, ownPromise } from './leading.ts';
import type { LinkMessage, Recalled, RefuseReason } from './message.ts';
import { isMutual, type Peer } from './peer.ts';
import { sendTo } from './send.ts';
import { findPeer, type Turn } from './turn.ts';
import { compareViewIds, hostOf, type MemberId } from './view.ts';

type Propose = LinkMessage & { kind: 'propose' };

export function receivePropose(turn: Turn, leader: Peer, message: Propose): void {
  const { options, promised, leaveUntil, suspended } = turn.state;
  const { ballot, members } = message;
  if (leaveUntil !== null || suspended || ballot.leader !== leader.member || !isWellFormed(members, options.self))
    return;
  const reason = reasonToRefuse(turn, leader, message);
  if (reason !== null) {
    sendTo(turn, leader.member, { kind: 'refuse', ballot, highest: promised, reason });
    return;
  }
  turn.state.promised = ballot;
  turn.state.agreement = { kind: 'awaiting', ballot, since: turn.now, catchUp: [] };
  for (const recalled of ownKept(turn))
    if (!leaderHas(turn, message, recalled)) sendTo(turn, leader.member, { kind: 'recall', ballot, message: recalled });
  const { level, former, formerMembers, delivered } = ownPromise(turn);
  sendTo(turn, leader.member, { kind: 'promise', ballot, level, former, formerMembers, delivered });
  turn.reconsider = true;
}

/** It keeps what it has delivered as long as this member may lack it: a recall from everybody would be as many times the same. */
function leaderHas({ state: { view } }: Turn, { has }: Propose, { sender, number }: Recalled): boolean {
  if (has === undefined || view === null || compareViewIds(has.former, view.id) !== 0) return false;
  return number <= (has.delivered[view.members.indexOf(sender)] ?? 0);
}

export function receiveCatchUp(turn: Turn, leader: Peer, message: LinkMessage & { kind: 'catch-up' }): void {
  const { agreement } = turn.state;
  if (agreement.kind !== 'awaiting' || !isFor(agreement.ballot, leader, message)) return;
  turn.state.agreement = { ...agreement, catchUp: [...agreement.catchUp, message.message] };
}

/** Only of the ballot promised last: one that was overtaken would break what the newer promise said. */
export function receiveCommit(turn: Turn, leader: Peer, message: LinkMessage & { kind: 'commit' }): void {
  const { agreement, promised, options } = turn.state;
  if (agreement.kind !== 'awaiting' || !isFor(agreement.ballot, leader, message)) return;
  if (compareMaybeViewIds(promised, message.ballot) !== 0 || !isWellFormed(message.members, options.self)) return;
  const { level, members, together } = message;
  if (level > options.level) return; // not what was promised
  install(turn, { id: message.ballot, level, members, together, catchUp: agreement.catchUp });
}

function isFor(ballot: Propose['ballot'], leader: Peer, message: { readonly ballot: Propose['ballot'] }): boolean {
  return compareViewIds(ballot, message.ballot) === 0 && ballot.leader === leader.member;
}

function reasonToRefuse(turn: Turn, leader: Peer, { ballot, members }: Propose): RefuseReason | null {
  const { state } = turn;
  if (compareMaybeViewIds(ballot, state.promised) <= 0) return 'lower-ballot';
  for (const member of members) {
    const peer = findPeer(state, member);
    if (member !== state.options.self && (peer === undefined || !isMutual(peer, state.incarnation)))
      return 'not-mutual';
  }
  // A leader from the own view knows that it does not stand; a stranger may only take it in whole.
  const { own } = candidates(turn);
  const torn = !own.includes(leader.member) && own.some((member) => !members.includes(member));
  return torn ? 'keeps-view' : null;
}

function isWellFormed(members: readonly MemberId[], self: MemberId): boolean {
  if (!members.includes(self)) return false;
  if (new Set(members.map(hostOf)).size !== members.length) return false;
  return members.every((member, index) => index === 0 || (members[index - 1] ?? '') < member);
}
