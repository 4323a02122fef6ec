/**
 * Members on a simulated network in virtual time: loss, delay, reordering, duplication, cuts of single directions, crashes,
 * restarts, pauses. Runs the very step functions; everything follows from one seed.
 */
import { strict as assert } from 'node:assert';
import {
  createMember,
  type MemberEffect,
  type MemberEvent,
  type MemberState,
} from '../../agent/membership/member-state.ts';
import type { Heartbeat, LinkMessage } from '../../agent/membership/message.ts';
import { nextRandom, type RandomState, seedRandom } from '../../agent/membership/random.ts';
import { nextWakeup, step } from '../../agent/membership/step.ts';
import { type HostName, hostOf, type InstantMs, type MemberId, memberId } from '../../agent/membership/view.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../agent/wire/frame-message.ts';
import { Agenda } from '../simulation/agenda.ts';
import { Observer } from './observer.ts';

export type NetworkOptions = {
  readonly seed: number;
  readonly hosts: readonly string[];
  readonly heartbeatMs?: number;
  readonly detectMs?: number;
  /** Hosts a start need not wait beyond; none by default. */
  readonly expectedHosts?: readonly string[];
  readonly asksFirst?: boolean;
  /** Of hosts that speak a higher one than 1. */
  readonly levels?: Readonly<Record<string, number>>;
};

export type Weather = {
  /** Share of datagrams, 0..1. */
  readonly loss: number;
  readonly duplication: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
};

export const calm: Weather = { loss: 0, duplication: 0, delayMsMin: 0.1, delayMsMax: 0.3 };

type Running = {
  readonly host: string;
  state: MemberState;
  /** Of the wakeup that is queued, so that an overtaken one is passed over. */
  wakeup: number;
  paused: boolean;
  /** How long its clock stood still so far. */
  lagMs: number;
  /** What arrived while it was paused. */
  readonly missed: ((now: InstantMs) => MemberEvent)[];
};

export class Network {
  readonly observer: Observer;
  weather: Weather = calm;
  /** Hosts that noticed a stall of their own, in order. */
  readonly stalls: string[] = [];
  /** Questions whether its view stands that were answered, in order. */
  readonly confirmed: { readonly host: string; readonly question: number; readonly atMs: number }[] = [];
  /** Whom hosts came to suspect, in order. */
  readonly suspicions: { readonly host: string; readonly suspects: string; readonly atMs: number }[] = [];
  /** Whom hosts were told, within a view, to stand back for: `host: others`, in order. */
  readonly aparts: string[] = [];
  readonly refused: { readonly host: string; readonly address: string }[] = [];
  nowMs = 1000;
  steps = 0;
  readonly #options: NetworkOptions;
  readonly #running = new Map<string, Running>();
  /** `from>to`, one direction. */
  readonly #cuts = new Set<string>();
  readonly #deaf = new Set<string>();
  readonly #agenda = new Agenda();
  #random: RandomState;
  /** Above any that the clock gives. */
  #forgedEpoch = 2 ** 40;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#random = seedRandom(options.seed);
    this.observer = new Observer(options.seed);
  }

  get hosts(): readonly string[] {
    return this.#options.hosts;
  }

  /** 0 <= value < bound */
  random(bound: number): number {
    this.#random = nextRandom(this.#random);
    return this.#random % bound;
  }

  chance(share: number): boolean {
    return this.random(1_000_000) < share * 1_000_000;
  }

  start(...hosts: readonly string[]): void {
    for (const host of hosts) this.startAs(host, host);
  }

  /** @param name what the configuration calls the host at `host`; its address stays `host` */
  startAs(host: string, name: string): void {
    const incarnation = Array.from({ length: 4 }, () =>
      this.random(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
    const { heartbeatMs = 100, detectMs = 300, expectedHosts = [], asksFirst = false, levels = {} } = this.#options;
    const state = createMember(
      {
        self: memberId(name as HostName, incarnation),
        level: levels[host] ?? 1,
        heartbeatMs,
        detectMs,
        expectedHosts: expectedHosts as readonly HostName[],
        asksFirst,
        codec: { encode: encodeLinkMessage, decode: decodeLinkMessage },
        seed: this.random(2 ** 32),
      },
      this.nowMs as InstantMs,
    );
    const member: Running = { host, state, wakeup: 0, paused: false, lagMs: 0, missed: [] };
    this.#running.set(host, member);
    this.observer.started(state.options.self, state.options.level);
    this.#arm(member);
  }

  /** The power goes: no goodbye. */
  crash(host: string): void {
    const member = this.#running.get(host);
    if (member !== undefined) this.observer.ended(member.state.options.self);
    this.#running.delete(host);
  }

  /** What the guard of a crashed host has to say reaches `to`. @param crashed its state at the end */
  bury(crashed: MemberState, ...to: readonly string[]): void {
    for (const host of to) {
      const member = this.#running.get(host);
      if (member === undefined) continue;
      this.#step(member, { kind: 'obituary', now: this.nowMs as InstantMs, from: crashed.incarnation });
    }
  }

  /** Somebody plays what was once recorded to `to`, from the address of `from`. */
  replay(heartbeat: Heartbeat, from: string, to: string): void {
    const member = this.#running.get(to);
    const route = { path: 0, address: from };
    if (member !== undefined) this.#step(member, { kind: 'heartbeat', now: this.nowMs as InstantMs, heartbeat, route });
  }

  /** Stopped as by SIGSTOP: what arrives waits, time passes. */
  pause(host: string): void {
    const member = this.#running.get(host);
    if (member !== undefined) member.paused = true;
  }

  /** @param backlogMs for every hundred messages it missed, while new messages come by other sockets */
  resume(host: string, backlogMs = 0): void {
    const member = this.#running.get(host);
    if (member === undefined || !member.paused) return;
    member.paused = false;
    for (const [index, event] of member.missed.splice(0).entries()) {
      if (backlogMs === 0) this.#step(member, event(this.#nowOf(member)));
      else this.at((backlogMs * index) / 100, () => this.#tell(host, event));
    }
    this.#step(member, { kind: 'wakeup', now: this.#nowOf(member) });
  }

  /** A machine that was paused, its clock as well: time passed elsewhere, and what was sent to it is lost. */
  resumeUnaware(host: string, pausedMs: number): void {
    const member = this.#running.get(host);
    if (member === undefined || !member.paused) return;
    member.paused = false;
    member.lagMs += pausedMs;
    member.missed.length = 0;
    member.wakeup = 0;
    this.#arm(member);
  }

  leave(host: string): void {
    this.#tell(host, (now) => ({ kind: 'leave', now }));
  }

  /** What the host's member stands for stops running, or runs again; the member itself goes on. */
  /** Its shell has found that those are silent and answer. */
  spare(host: string, ...silent: readonly string[]): void {
    const members = silent.map((each) => this.memberOf(each));
    const view = this.stateOf(host).view?.id;
    if (view === undefined) throw new RangeError(`${host} is in no view`);
    this.#tell(host, (now) => ({ kind: 'spare', now, view, members }));
  }

  /** Its shell asks whether the view stands. */
  ask(host: string, question: number): void {
    this.#tell(host, (now) => ({ kind: 'ask', now, question }));
  }

  suspend(host: string): void {
    this.#tell(host, (now) => ({ kind: 'suspend', now }));
  }

  wake(host: string): void {
    this.#tell(host, (now) => ({ kind: 'resume', now }));
  }

  send(host: string, payload: Uint8Array): void {
    const view = this.#running.get(host)?.state.view?.id;
    if (view !== undefined) this.#tell(host, (now) => ({ kind: 'send', now, view, payload }));
  }

  /** Hands a host a message in the name of another, on a link that has been started anew. */
  forge(from: string, to: string, message: LinkMessage): readonly MemberEffect[] {
    const member = this.#running.get(to);
    if (member === undefined) throw new Error(`${to} is not running`);
    const { incarnation } = this.stateOf(from);
    const bytes = encodeLinkMessage(message);
    this.#forgedEpoch += 1;
    const epoch = this.#forgedEpoch;
    const datagram = { kind: 'data', to: member.state.incarnation, epoch, number: 1, final: true, bytes } as const;
    const route = { path: 0, address: from };
    return this.#step(member, { kind: 'datagram', now: this.#nowOf(member), from: incarnation, datagram, route });
  }

  /** One direction. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Both directions between every two of different groups. */
  partition(...groups: readonly (readonly string[])[]): void {
    for (const group of groups) {
      for (const other of groups) {
        if (group !== other) for (const from of group) for (const to of other) this.cut(from, to);
      }
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  /** Heartbeats pass, everything else does not: as a filter of larger datagrams would have it. */
  dropDatagramsTo(host: string): void {
    this.#deaf.add(host);
  }

  runningHosts(): readonly string[] {
    return [...this.#running.keys()].sort();
  }

  isPaused(host: string): boolean {
    return this.#running.get(host)?.paused ?? false;
  }

  stateOf(host: string): MemberState {
    const member = this.#running.get(host);
    if (member === undefined) throw new Error(`${host} is not running`);
    return member.state;
  }

  memberOf(host: string): MemberId {
    return this.stateOf(host).options.self;
  }

  /** `a,b` for the hosts of its view, or '-'. */
  viewOf(host: string): string {
    const view = this.#running.get(host)?.state.view ?? null;
    return view === null ? '-' : view.members.map((member) => member.slice(0, member.lastIndexOf('/'))).join();
  }

  /** `a,b` for the hosts it is to stand back for. */
  apartOf(host: string): string {
    return this.stateOf(host).apart.map(hostOf).join();
  }

  /** Distinct views of those that run, sorted. */
  /** Of the view installed there. */
  levelOf(host: string): number | undefined {
    return this.#running.get(host)?.state.view?.level;
  }

  views(): readonly string[] {
    return [...new Set(this.runningHosts().map((host) => this.viewOf(host)))].sort();
  }

  runFor(ms: number): void {
    this.#runUntil(this.nowMs + ms, () => false);
  }

  /** @returns how long it took, or null where it did not come to it */
  runUntil(holds: () => boolean, withinMs: number): number | null {
    const start = this.nowMs;
    return this.#runUntil(start + withinMs, holds) ? this.nowMs - start : null;
  }

  at(delayMs: number, run: () => void): void {
    this.#agenda.put(this.nowMs + delayMs, run);
  }

  #runUntil(endMs: number, holds: () => boolean): boolean {
    if (holds()) return true;
    while (this.#agenda.nextAt <= endMs) {
      const due = this.#agenda.take();
      if (due === undefined) break;
      this.nowMs = due.at;
      due.run();
      if (holds()) return true;
    }
    this.nowMs = endMs;
    return false;
  }

  #tell(host: string, event: (now: InstantMs) => MemberEvent): void {
    const member = this.#running.get(host);
    if (member === undefined) return;
    if (member.paused) member.missed.push(event);
    else this.#step(member, event(this.#nowOf(member)));
  }

  #nowOf({ lagMs }: Running): InstantMs {
    return (this.nowMs - lagMs) as InstantMs; // the clock of a host
  }

  #step(member: Running, event: MemberEvent): readonly MemberEffect[] {
    this.steps += 1;
    const { state, effects } = step(member.state, event);
    member.state = state;
    if (event.kind === 'heartbeat') assertNothingLeft(state, event.now);
    for (const effect of effects) this.#carryOut(member, effect);
    if (state.ended) {
      if (this.#running.get(member.host) === member) this.#running.delete(member.host);
    } else this.#arm(member);
    return effects;
  }

  #arm(member: Running): void {
    const at = nextWakeup(member.state);
    if (at === null || at === member.wakeup) return;
    member.wakeup = at;
    const run = (): void => {
      if (member.wakeup !== at || member.paused || this.#running.get(member.host) !== member) return;
      member.wakeup = 0;
      this.#step(member, { kind: 'wakeup', now: this.#nowOf(member) });
    };
    this.#agenda.put(Math.max(at + member.lagMs, this.nowMs), run);
  }

  #carryOut(member: Running, effect: MemberEffect): void {
    const { host } = member;
    const self = member.state.options.self;
    switch (effect.kind) {
      case 'broadcast-heartbeat':
      case 'send-heartbeat': {
        const targets = effect.kind === 'send-heartbeat' ? [effect.route.address] : this.hosts;
        const route = { path: 0, address: host };
        for (const to of targets) {
          this.#transmit(host, to, (now) => ({ kind: 'heartbeat', now, heartbeat: effect.heartbeat, route }));
        }
        break;
      }
      case 'send-datagram': {
        const { incarnation } = member.state;
        const { datagram, route } = effect;
        if (this.#deaf.has(route.address)) break;
        this.#transmit(host, route.address, (now) => ({
          kind: 'datagram',
          now,
          from: incarnation,
          datagram,
          route: { path: 0, address: host },
        }));
        break;
      }
      case 'confirmed':
        this.confirmed.push({ host: member.host, question: effect.question, atMs: this.nowMs });
        return;
      case 'stalled':
        this.stalls.push(host);
        break;
      case 'suspects':
        this.suspicions.push({ host, suspects: effect.members.map(hostOf).join(), atMs: this.nowMs });
        break;
      case 'apart':
        this.aparts.push(`${host}: ${effect.members.map(hostOf).join()}`);
        break;
      case 'view':
        this.observer.installed(self, effect.view);
        break;
      case 'deliver':
        this.observer.delivered(self, effect.sender, effect.payload);
        break;
      case 'unknown-message':
        throw new Error(`a message of ${effect.sender} is not understood`);
      case 'refused':
        this.refused.push({ host, address: effect.address });
        this.observer.ended(self);
        break;
      case 'left':
        this.observer.ended(self);
        break;
    }
  }

  #transmit(from: string, to: string, event: (now: InstantMs) => MemberEvent): void {
    if (from === to || this.isCut(from, to)) return;
    const copies = this.chance(this.weather.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.chance(this.weather.loss)) continue;
      const { delayMsMin, delayMsMax } = this.weather;
      const delayMs = delayMsMin + ((delayMsMax - delayMsMin) * this.random(1024)) / 1024;
      this.at(delayMs, () => this.#tell(to, event));
    }
  }
}

/** Most heartbeats bring nothing new, and their step is cut short. */
function assertNothingLeft(state: MemberState, now: InstantMs): void {
  const { state: after, effects } = step(state, { kind: 'wakeup', now });
  assert.equal(effects.length, 0);
  for (const part of Object.keys(state) as (keyof MemberState)[]) {
    if (after[part] !== state[part]) assert.deepEqual(after[part], state[part], part);
  }
}

/** Members of one view, at rest. */
export function viewOf(...hosts: readonly string[]): Network {
  const network = new Network({ seed: 1, hosts });
  network.start(...hosts);
  network.runFor(1000);
  return network;
}
