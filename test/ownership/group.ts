/**
 * Members that run the real ownership step over a perfect channel and a kernel that takes its time: a story is told by
 * calls, and every step keeps what happened in order. Virtual time; nothing here is random unless a chooser is given.
 */
import { strict as assert } from 'node:assert';
import type { Occurrence } from '../../agent/driver.ts';
import {
  compareViewIds,
  type HostName,
  type InstantMs,
  type MemberId,
  memberId,
  type View,
} from '../../agent/membership/view.ts';
import { coordinate } from '../../agent/ownership/coordinator.ts';
import type { Damping } from '../../agent/ownership/damping.ts';
import { type Memory, noMemory } from '../../agent/ownership/freeze.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Message } from '../../agent/ownership/message.ts';
import type { BalanceMode, Handover, Pool } from '../../agent/ownership/pool.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import {
  initialOwnership,
  type OwnershipEffect,
  type OwnershipEvent,
  type OwnershipState,
} from '../../agent/ownership/state.ts';
import { nextWakeup, step } from '../../agent/ownership/step.ts';

/** A message on its way: who delivered it already, so that those who go together from its view all do, or none. */
type Post = { readonly sender: string; readonly delivered: Set<string> };

type Pending = { readonly to: string; readonly event: Occurrence; readonly post?: Post };

export class Group {
  now = 0 as InstantMs;
  readonly members = new Map<string, OwnershipState>();
  /** Sets in each host's kernel, the announced ones marked. */
  readonly kernels = new Map<string, Set<string>>();
  readonly story: string[] = [];
  /** Claims of `host set` that the kernel refuses. */
  readonly refuses = new Map<string, string>();
  /** Hosts whose kernel removes nothing and does not say so. */
  readonly stuck = new Set<string>();
  /** Hosts whose kernel does not answer a claim: the test does. */
  readonly slow = new Set<string>();
  /** What each host keeps on its disk, over the death of its agent. */
  readonly memories = new Map<string, Memory>();
  readonly messages: { sender: string; message: Message }[] = [];
  #pending: Pending[] = [];
  #counter = 0;
  #views = new Map<string, View>();
  readonly pool: Pool;
  readonly #matureMs: number;
  readonly #choose: (count: number) => number;
  onStep: () => void = () => {};

  constructor(pool: Pool, options: { matureMs?: number; choose?: (count: number) => number } = {}) {
    this.pool = pool;
    this.#matureMs = options.matureMs ?? 1_000;
    this.#choose = options.choose ?? (() => 0);
  }

  id(host: string): MemberId {
    const state = this.members.get(host);
    if (state === undefined) throw new Error(`${host} does not run`);
    return state.self;
  }

  /** @param pool where its file is another one */
  start(host: string, pool: Pool = this.pool): void {
    this.#counter += 1;
    const self = memberId(host as HostName, this.#counter.toString(16).padStart(32, '0'));
    const memory = this.memories.get(host) ?? noMemory;
    const options = { self, pool, matureMs: this.#matureMs, memory, now: this.now };
    this.members.set(host, initialOwnership(options));
    this.kernels.set(host, new Set());
  }

  /** Its file has changed and is read anew. */
  reload(host: string, pool: Pool): void {
    this.tell(host, { kind: 'pool', pool });
  }

  /** The host is gone with its kernel. */
  die(host: string): void {
    this.members.delete(host);
    this.kernels.delete(host);
    this.#views.delete(host);
    this.#pending = this.#pending.filter(({ to }) => to !== host);
  }

  /** It dies, the others go on, and its next run is taken in. */
  comesBack(host: string): void {
    const hosts = [...this.members.keys()].sort();
    this.die(host);
    this.view(...hosts.filter((other) => other !== host));
    this.settle();
    this.start(host);
    this.view(...hosts);
    this.settle();
  }

  /** `hosts` install one view. Of the messages on their way in an old one, those that any of them delivered are delivered by all. */
  view(...hosts: readonly string[]): void {
    this.viewApart(hosts, []);
  }

  /** A view whose members hear others that go before them, in a view without them. */
  viewApart(hosts: readonly string[], others: readonly string[], spared?: 'spared'): void {
    this.#counter += 1;
    const members = hosts.map((host) => this.id(host)).sort();
    const id = { counter: this.#counter, leader: members[0] as MemberId };
    this.#dropMessages(hosts);
    const before = new Map(hosts.map((host) => [host, this.#views.get(host)]));
    for (const host of hosts) {
      const old = before.get(host);
      const together = members.filter((member) => {
        const theirs = before.get(hosts.find((name) => this.id(name) === member) ?? '');
        return member === this.id(host) || (old && theirs && compareViewIds(old.id, theirs.id) === 0);
      });
      const apart = others.map((other) => this.id(other));
      const view: View = { id, level: 1, members, together, apart, spared: spared === 'spared' };
      this.#views.set(host, view);
      this.#pending.push({ to: host, event: { kind: 'view', view } });
    }
  }

  tell(host: string, event: Occurrence): void {
    this.#pending.push({ to: host, event });
  }

  /** One pending event: FIFO for each receiver, the choice among receivers is the chooser's. */
  advance(): boolean {
    const receivers = [...new Set(this.#pending.map(({ to }) => to))];
    const to = receivers[this.#choose(receivers.length)];
    const index = this.#pending.findIndex((pending) => pending.to === to);
    const [pending] = this.#pending.splice(index, index === -1 ? 0 : 1);
    if (pending === undefined) return false;
    pending.post?.delivered.add(pending.to);
    this.#step(pending.to, pending.event);
    this.onStep();
    return true;
  }

  /** For all who go together, what a sender sent last: from after the last that one of them delivered, or a few more. */
  #dropMessages(hosts: readonly string[]): void {
    const posts = [...new Set(this.#pending.flatMap(({ to, post }) => (post && hosts.includes(to) ? [post] : [])))];
    const dropped = new Set<Post>();
    for (const sender of new Set(posts.map((post) => post.sender))) {
      const sent = posts.filter((post) => post.sender === sender);
      const needed = sent.findLastIndex(({ delivered }) => hosts.some((host) => delivered.has(host))) + 1;
      const kept = needed + this.#choose(sent.length - needed + 1);
      for (const post of sent.slice(kept)) dropped.add(post);
    }
    this.#pending = this.#pending.filter(({ to, post }) => !post || !hosts.includes(to) || !dropped.has(post));
  }

  settle(): void {
    for (let steps = 0; this.advance(); steps++) if (steps > 100_000) throw new Error('does not settle');
  }

  /** Lets time pass, with the wakeups that are due. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.settle();
      const due = [...this.members].map(([host, state]) => [host, nextWakeup(state)] as const);
      const next = due.filter(([, at]) => at !== null && at <= end).sort((a, b) => Number(a[1]) - Number(b[1]))[0];
      if (next === undefined) break;
      this.now = Math.max(this.now, Number(next[1])) as InstantMs;
      this.tell(next[0], { kind: 'wakeup' });
    }
    this.now = end as InstantMs;
  }

  /** `e1: a b | e2: c`: what the kernels have. */
  held(): string {
    return [...this.kernels].map(([host, sets]) => `${host}: ${[...sets].sort().join(' ')}`.trim()).join(' | ');
  }

  #step(host: string, event: Occurrence): void {
    const state = this.members.get(host);
    if (state === undefined) return;
    const { state: next, effects } = step(state, { ...event, now: this.now } as OwnershipEvent); // the same kind, completed
    this.members.set(host, next);
    assert.deepEqual(coordinate(next, this.now).effects, [], 'after a step the coordinator has nothing left to say');
    for (const effect of effects) this.#perform(host, effect);
  }

  #perform(host: string, effect: OwnershipEffect): void {
    const kernel = this.kernels.get(host) ?? new Set();
    switch (effect.kind) {
      case 'send':
        this.#multicast(host, effect.message);
        return;
      case 'claim':
        for (const set of effect.sets) this.#claim(host, set);
        return;
      case 'release':
      case 'retire':
        if (this.stuck.has(host)) return;
        for (const set of effect.sets) {
          kernel.delete(set);
          this.story.push(`${host} releases ${set}`);
        }
        this.tell(host, { kind: 'released', sets: effect.sets });
        return;
      case 'announce':
      case 'hush':
        for (const set of effect.sets)
          this.story.push(`${host} ${effect.kind === 'hush' ? 'hushes' : 'announces'} ${set}`);
        return;
      case 'moved':
        return;
      case 'done':
        this.story.push(
          `${host} done: ${effect.moves.map(({ set, reason }) => `${set} ${describeReason(reason)}`).join(', ')}`,
        );
        return;
      case 'refused':
        this.story.push(`${host} refuses: ${effect.why}`);
        return;
      case 'remember':
        this.memories.set(host, effect.memory);
        return;
      case 'left':
        this.story.push(`${host} has left`);
    }
  }

  #claim(host: string, set: SetName): void {
    if (this.slow.has(host)) return;
    const why = this.refuses.get(`${host} ${set}`);
    if (why !== undefined) {
      this.story.push(`${host} fails to claim ${set}`);
      this.tell(host, { kind: 'claim-failed', set, why });
      return;
    }
    this.kernels.get(host)?.add(set);
    this.story.push(`${host} claims ${set}`);
    this.tell(host, { kind: 'claimed', sets: [set] });
  }

  #multicast(host: string, message: Message): void {
    const view = this.#views.get(host);
    const sender = this.id(host);
    this.messages.push({ sender: host, message });
    if (this.members.get(host)?.view?.id !== view?.id) return; // sent in a view that is over for the group
    const post: Post = { sender: host, delivered: new Set() };
    for (const [to, state] of this.members) {
      if (view?.members.includes(state.self) && this.#views.get(to)?.id === view.id) {
        this.#pending.push({ to, event: { kind: 'message', sender, message }, post });
      }
    }
  }
}

/** A pool of sets named by `names`, for as many hosts as said; `prefer` by set. */
export function poolOf(
  names: string,
  options: {
    hosts?: number;
    prefer?: Record<string, string[]>;
    only?: Record<string, string[]>;
    apart?: Record<string, string>;
    failbackMs?: number;
    handover?: Handover;
    balance?: BalanceMode;
    damping?: Damping;
    weights?: Record<string, number>;
    /** The hosts of the file, where a majority is asked for. */
    majority?: readonly string[];
    witnesses?: readonly string[];
  } = {},
): Pool {
  return {
    version: 'v1',
    sets: [...names].sort().map((name) => ({
      name: name as SetName,
      prefer: (options.prefer?.[name] ?? []) as HostName[],
      only: (options.only?.[name] ?? null) as HostName[] | null,
      apart: options.apart?.[name] ?? null,
      failbackMs: options.failbackMs ?? null,
      handover: options.handover ?? 'make-before-break',
    })),
    weights: new Map(Object.entries(options.weights ?? {}) as [HostName, number][]),
    hostsExpected: options.hosts ?? 3,
    majority:
      options.majority === undefined
        ? undefined
        : { hosts: options.majority as readonly HostName[], claimDelayMs: 350 },
    witnesses: new Set((options.witnesses ?? []) as HostName[]),
    damping: options.damping,
    balance: options.balance ?? { mode: 'on-demand', movesMax: 2, everyMs: 30_000 },
  };
}
