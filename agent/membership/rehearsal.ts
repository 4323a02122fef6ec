/**
 * The loss of members in thought: the agreement on a view without them and the first messages in it, worked out on a copy that nobody keeps.
 * Code that has not run yet, or not for long, takes several times as long as what runs always; a loss is rare, and addresses are missing then.
 */
import { nextBallot } from './ballot.ts';
import { patienceMs } from './heartbeat.ts';
import type { MemberEvent, MemberState } from './member-state.ts';
import type { LinkDatagram, LinkMessage } from './message.ts';
import { changedPeer } from './peer.ts';
import { type StepResult, step } from './step.ts';
import { findPeer } from './turn.ts';
import { type InstantMs, later, type MemberId } from './view.ts';

/**
 * @param carry what is done with each datagram on the way to its socket and from it
 * @returns the members of the view it came to; empty: none, since it is no loss, nobody else is left, or another agreement is under way
 */
export function rehearseLoss(
  state: MemberState,
  lost: readonly MemberId[],
  now: InstantMs,
  carry: (datagram: LinkDatagram) => void,
): readonly MemberId[] {
  const { view, options } = state;
  const left = view?.members.filter((member) => !lost.includes(member)) ?? [];
  const [leader] = left;
  if (view === null || leader === undefined || left.length === view.members.length) return [];
  if (left.length < 2 || !left.includes(options.self)) return [];
  try {
    const inThought = new Thought(state, lost, now, carry);
    inThought.take({ kind: 'wakeup', now });
    if (leader === options.self) inThought.lead(left);
    else inThought.follow(leader, left);
    return inThought.state.view === view ? [] : (inThought.state.view?.members ?? []);
  } catch {
    return []; // what cannot be in thought is no defect of what is
  }
}

class Thought {
  readonly #now: InstantMs;
  readonly #carry: (datagram: LinkDatagram) => void;
  state: MemberState;

  constructor(state: MemberState, lost: readonly MemberId[], now: InstantMs, carry: (datagram: LinkDatagram) => void) {
    this.#now = now;
    this.#carry = carry;
    const peers = state.peers.map((peer) => {
      const heardAt = lost.includes(peer.member) ? later(now, -patienceMs(state, peer)) : now;
      return changedPeer(peer, { heardAt });
    });
    this.state = { ...state, peers, wakeAt: now };
  }

  take(event: MemberEvent): void {
    const { state, effects }: StepResult = step(this.state, event);
    this.state = state;
    for (const effect of effects) if (effect.kind === 'send-datagram') this.#carry(effect.datagram);
  }

  lead(left: readonly MemberId[]): void {
    const { agreement, options, view, delivery } = this.state;
    if (agreement.kind !== 'leading' || view === null) return;
    const { ballot } = agreement;
    const { level } = options;
    const promise = { ballot, level, former: view.id, formerMembers: view.members, delivered: delivery.delivered };
    const others = left.filter((member) => member !== options.self);
    for (const member of others) this.#hear(member, { kind: 'promise', ...promise });
    this.#speak(others);
  }

  follow(leader: MemberId, left: readonly MemberId[]): void {
    const ballot = { counter: nextBallot(this.state).counter, leader };
    const { level } = this.state.options;
    this.#hear(leader, { kind: 'propose', ballot, members: left });
    this.#hear(leader, { kind: 'commit', ballot, level, members: left, together: left });
    this.#speak([leader]);
  }

  /** A report of each. */
  #speak(others: readonly MemberId[]): void {
    const { view } = this.state;
    if (view === null) return;
    const payload = new Uint8Array(1);
    this.take({ kind: 'send', now: this.#now, view: view.id, payload });
    for (const member of others) this.#hear(member, { kind: 'multicast', view: view.id, number: 1, payload });
  }

  /** What comes next on the link of that member. */
  #hear(member: MemberId, message: LinkMessage): void {
    const { incarnation, options } = this.state;
    const peer = findPeer(this.state, member);
    const [route] = peer?.routes ?? [];
    if (peer === undefined || route === undefined) return;
    const { epoch, expected: number } = peer.in;
    const bytes = options.codec.encode(message);
    const datagram: LinkDatagram = { kind: 'data', to: incarnation, epoch, number, final: true, bytes };
    this.#carry(datagram);
    this.take({ kind: 'datagram', now: this.#now, from: peer.incarnation, datagram, route });
  }
}
