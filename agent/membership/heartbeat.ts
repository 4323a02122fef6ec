/** What a member says of itself, and when. */
import { urgentEvenly, urgentGapMs, urgentMembers } from './bounds.ts';
import { type Incarnation, incarnationOf, sameList } from './identity.ts';
import type { MemberState } from './member-state.ts';
import type { Heartbeat } from './message.ts';
import { changedPeer, isHeard, type Peer } from './peer.ts';
import { nextRandom } from './random.ts';
import { allSpared } from './spare.ts';
import { type Turn, updatePeer } from './turn.ts';
import { later } from './view.ts';

/** Sends the heartbeat that is due, or that something urgent calls for. */
export function beat(turn: Turn): void {
  const { state, now } = turn;
  if (turn.urgent) {
    const gapEnd = state.heartbeatSentAt === null ? now : later(state.heartbeatSentAt, urgentGap(state));
    if (gapEnd < state.heartbeatAt) {
      turn.state.heartbeatAt = gapEnd;
      turn.state.hurries = true;
    }
  }
  if (now < turn.state.heartbeatAt) return;
  const random = nextRandom(state.random);
  const jittered = state.options.heartbeatMs * (0.75 + (random % 1024) / 4096);
  turn.state.random = random;
  turn.state.heartbeatAt = later(now, jittered);
  turn.state.heartbeatSentAt = now;
  turn.state.hurried = state.hurries ? state.hurried + 1 : Math.max(0, state.hurried - 1);
  turn.state.hurries = false;
  turn.effects.push({ kind: 'broadcast-heartbeat', heartbeat: nextHeartbeat(turn, 0) });
}

/**
 * Where many have news at once, as at a start of all, each has some at every millisecond, and all hear all of it. On hosts that cannot hear
 * it that fast what they hear grows old, members fall silent, and that is news again: 64 on two cores never came to one view. So the gap
 * doubles as long as the news goes on, until heartbeats that come in their turn are all there is.
 */
function urgentGap({ peers, hurried, options }: MemberState): number {
  const members = Math.max(options.expectedHosts.length, 1 + peers.length);
  const share = Math.ceil(members / urgentMembers);
  const doublings = share === 1 ? Math.max(0, hurried - urgentEvenly) : hurried;
  return urgentGapMs * share * 2 ** Math.min(doublings, 16);
}

/** At most two answers within one of its intervals: a peer that never hears us costs no more than that. */
export function answer(turn: Turn, peer: Peer): void {
  const { options } = turn.state;
  if (peer.answeredAt !== null && turn.now - peer.answeredAt < options.heartbeatMs / 2) return;
  updatePeer(turn, changedPeer(peer, { answeredAt: turn.now }));
  const heartbeat = nextHeartbeat(turn, peer.report.number);
  for (const { path, address, heardAt } of peer.routes) {
    if (heardAt === peer.heardAt) turn.effects.push({ kind: 'send-heartbeat', heartbeat, route: { path, address } });
  }
}

/** @param echo the number of what it answers; 0: nothing */
function nextHeartbeat(turn: Turn, echo: number): Heartbeat {
  turn.state.heartbeats += 1;
  const { options, view, delivery, promised, apart, spared, asking, leaveUntil, suspended, heartbeats } = turn.state;
  const heartbeat: Heartbeat = {
    member: options.self,
    level: options.level,
    number: heartbeats,
    intervalMs: options.heartbeatMs,
    leaving: leaveUntil !== null || suspended,
    standsBack: apart.length > 0 && !spared,
    view: view?.id ?? null,
    viewMembers: viewMembersToSay(turn.state),
    delivered: delivery.delivered,
    promised,
    hears: hearsToSay(turn.state),
    spares: allSpared(turn.state),
    asks: asking !== null,
    echo,
  };
  turn.state.said = heartbeat;
  return heartbeat;
}

/** As it was said last, where the view is still that one. */
function viewMembersToSay({ view, said }: MemberState): readonly Incarnation[] {
  if (view === null) return [];
  return said !== null && said.view === view.id ? said.viewMembers : view.members.map(incarnationOf);
}

/** The very list that was said last, where nothing has changed. */
function hearsToSay({ peers, said }: MemberState): readonly Incarnation[] {
  const hears = peers.filter(isHeard).map(({ incarnation }) => incarnation);
  return said !== null && sameList(said.hears, hears) ? said.hears : hears;
}

/** How long this peer may be silent: never under two of its own intervals, or one lost heartbeat would be a death. */
export function patienceMs(state: MemberState, peer: Peer): number {
  return Math.max(state.options.detectMs, 2 * peer.report.intervalMs);
}
