/**
 * Many members on one machine whose processor is what they lack: in virtual time each frame that is heard or sent takes some of it, what waits for
 * a member waits in a socket of bounded size, and the members have their turns.
 */
import { inOrder } from '../../agent/channel/effect-order.ts';
import { createMember, type MemberEvent, type MemberState } from '../../agent/membership/member-state.ts';
import type { Route } from '../../agent/membership/peer.ts';
import { nextWakeup, step } from '../../agent/membership/step.ts';
import { type HostName, type InstantMs, memberId } from '../../agent/membership/view.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../agent/wire/frame-message.ts';

/** As measured of engines on loopback, without what the step functions themselves take in a group of 64. */
const hearMs = 0.06;
const sendMs = 0.02;
/** Frames of 1,100 bytes in a buffer of 1 MiB, by the kernel's count. */
const queueMax = 900;
/** What libuv reads from one socket before it goes on to the next. */
const readsPerTurn = 32;

type Running = { state: MemberState; readonly queue: ((now: InstantMs) => MemberEvent)[]; delivered: number };

export class BusyMachine {
  nowMs = 1000;
  /** Sent so far, by all. */
  frames = 0;
  readonly #members: Running[];

  /** @param known whether the members' files list them all */
  constructor(count: number, heartbeatMs: number, known: boolean) {
    const hosts = Array.from({ length: count }, (_, at) => `h${String(at).padStart(2, '0')}` as HostName);
    this.#members = hosts.map((host, at) => {
      const options = {
        ...{ self: memberId(host, String(at).padStart(32, '0')), level: 1, heartbeatMs, detectMs: 2.5 * heartbeatMs },
        ...{ expectedHosts: known ? hosts : [], codec: { encode: encodeLinkMessage, decode: decodeLinkMessage } },
      };
      return { state: createMember({ ...options, seed: at + 1 }, this.#now()), queue: [], delivered: 0 };
    });
  }

  get isOneView(): boolean {
    const [first] = this.#members;
    const view = first?.state.view ?? null;
    return (
      view?.members.length === this.#members.length &&
      this.#members.every(
        ({ state }) => state.view?.id.counter === view.id.counter && state.view.id.leader === view.id.leader,
      )
    );
  }

  /** Payloads that all have delivered. */
  get delivered(): number {
    return Math.min(...this.#members.map(({ delivered }) => delivered));
  }

  /** From the first member to all. */
  send(payload: Uint8Array): void {
    const [first] = this.#members;
    const view = first?.state.view?.id;
    if (first !== undefined && view !== undefined) this.#step(first, { kind: 'send', now: this.#now(), view, payload });
  }

  /** The last of them says goodbye; the others are who is left. */
  endLast(): void {
    const last = this.#members.at(-1);
    if (last === undefined) return;
    this.#step(last, { kind: 'leave', now: this.#now() });
    this.#members.pop();
  }

  /** Until that is so, or for that long. */
  run(isDone: () => boolean, ms: number): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end && !isDone()) {
      const before = this.nowMs;
      for (const member of this.#members) {
        const due = nextWakeup(member.state);
        if (due !== null && this.nowMs >= due) this.#step(member, { kind: 'wakeup', now: this.#now() });
      }
      for (const member of this.#members) {
        for (const event of member.queue.splice(0, readsPerTurn)) {
          this.nowMs += hearMs;
          this.#step(member, event(this.#now()));
        }
      }
      if (this.nowMs === before) this.nowMs = this.#nextDue();
    }
  }

  #nextDue(): number {
    return Math.max(this.nowMs + 0.01, Math.min(...this.#members.map(({ state }) => nextWakeup(state) ?? Infinity)));
  }

  #step(member: Running, event: MemberEvent): void {
    const { state, effects } = step(member.state, event);
    member.state = state;
    const from = this.#members.indexOf(member);
    const route: Route = { path: 0, address: String(from) };
    for (const effect of inOrder(effects)) {
      switch (effect.kind) {
        case 'broadcast-heartbeat':
          for (const to of this.#members.keys())
            if (to !== from) this.#put(to, (now) => ({ kind: 'heartbeat', now, heartbeat: effect.heartbeat, route }));
          break;
        case 'send-heartbeat':
          this.#put(Number(effect.route.address), (now) => ({
            ...{ kind: 'heartbeat', now, heartbeat: effect.heartbeat, route },
          }));
          break;
        case 'send-datagram':
          this.#put(Number(effect.route.address), (now) => ({
            ...{ kind: 'datagram', now, from: state.incarnation, datagram: effect.datagram, route },
          }));
          break;
        case 'deliver':
          member.delivered += 1;
          break;
        default:
          break; // nothing that leaves the machine
      }
    }
  }

  #put(to: number, event: (now: InstantMs) => MemberEvent): void {
    this.frames += 1;
    this.nowMs += sendMs;
    const queue = this.#members[to]?.queue;
    if (queue !== undefined && queue.length < queueMax) queue.push(event);
  }

  #now(): InstantMs {
    return this.nowMs as InstantMs; // counted up from an instant
  }
}
