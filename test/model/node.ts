/**
 * One host of the model as a value: its clock, its kernel, and the agent on it, whose two step functions are the real ones. What
 * agent/channel, agent/driver.ts and agent/core.ts do between them is done here, without time.
 */
import type { Occurrence } from '../../agent/driver.ts';
import { urgentGapMs } from '../../agent/membership/bounds.ts';
import {
  createMember,
  type MemberEffect,
  type MemberEvent,
  type MemberState,
} from '../../agent/membership/member-state.ts';
import type { Heartbeat, LinkDatagram } from '../../agent/membership/message.ts';
import { step as engineStep } from '../../agent/membership/step.ts';
import {
  type HostName,
  type InstantMs,
  type MemberId,
  memberId,
  type View,
  type ViewId,
} from '../../agent/membership/view.ts';
import { noMemory } from '../../agent/ownership/freeze.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import {
  initialOwnership,
  type OwnershipEffect,
  type OwnershipEvent,
  type OwnershipState,
} from '../../agent/ownership/state.ts';
import { nextWakeup as ownershipWakeup, step } from '../../agent/ownership/step.ts';
import { linkCodec, messageOf, payloadOf } from './codec.ts';

/** What the kernel was asked and has not answered. */
export type Order = { readonly kind: 'claim' | 'release'; readonly sets: readonly SetName[] };

export type EngineOccurrence = MemberEvent extends infer E
  ? E extends { now: InstantMs }
    ? Omit<E, 'now'>
    : never
  : never;

export type ModelAgent = {
  readonly member: MemberId;
  readonly engine: MemberState;
  readonly ownership: OwnershipState;
  /** Of the newest view event that ownership has seen: what it sends goes there. */
  readonly told: ViewId | null;
  /** From thread to thread; empty where words between them take no time. */
  readonly toMain: readonly Occurrence[];
  readonly toEngine: readonly EngineOccurrence[];
  readonly orders: readonly Order[];
  /** Ownership has said that it may go. */
  readonly closed: boolean;
  /** Of its engine, and what was delivered in it, by sender. */
  readonly view: View | null;
  readonly delivered: ReadonlyMap<MemberId, string>;
};

export type Node = {
  readonly host: HostName;
  readonly runs: number;
  /** Milliseconds on its own clock, which nothing ties to another's. */
  readonly clock: number;
  /** In its kernel, sorted. */
  readonly held: readonly SetName[];
  /** null: no power, or it has left. */
  readonly agent: ModelAgent | null;
};

export type NodeOptions = {
  readonly pool: Pool;
  readonly hosts: readonly HostName[];
  readonly heartbeatMs: number;
  readonly detectMs: number;
  readonly matureMs: number;
  /** Whether words between the threads of an agent take no time, or any. */
  readonly threads: 'at once' | 'in turn';
  /** Whether two hosts may have a set for a while: never where it breaks before it makes and nobody who lives is left out. */
  readonly twice: 'for a while' | 'never';
};

/** What a host does that others notice, or that a promise is about. */
export type Happening =
  | { readonly kind: 'broadcast'; readonly heartbeat: Heartbeat }
  | { readonly kind: 'answered'; readonly to: string; readonly heartbeat: Heartbeat }
  | { readonly kind: 'sent'; readonly to: string; readonly datagram: LinkDatagram }
  /** With what was delivered in the view before, by sender. */
  | {
      readonly kind: 'installed';
      readonly view: View;
      readonly former: View | null;
      readonly delivered: ReadonlyMap<MemberId, string>;
    }
  | {
      readonly kind: 'stepped';
      readonly before: OwnershipState;
      readonly event: OwnershipEvent;
      readonly after: OwnershipState;
      readonly effects: readonly OwnershipEffect[];
    }
  | { readonly kind: 'announced'; readonly set: SetName };

/** More wakeups in a row without time going by are a mistake. */
const urgentMax = 30;

export function newNode(host: HostName): Node {
  return { host, runs: 0, clock: 1_000, held: [], agent: null };
}

/** A new run, whose first heartbeat is on its way. */
export function started(node: Node, options: NodeOptions): Turned {
  const runs = node.runs + 1;
  const incarnation = Buffer.from(node.host).toString('hex').padEnd(16, '0') + runs.toString(16).padStart(16, '0');
  const self = memberId(node.host, incarnation);
  const now = node.clock as InstantMs; // of this host
  const { pool, hosts, heartbeatMs, detectMs, matureMs } = options;
  const agent: ModelAgent = {
    member: self,
    engine: createMember(
      { self, level: 1, heartbeatMs, detectMs, expectedHosts: hosts, codec: linkCodec, seed: runs },
      now,
    ),
    ownership: initialOwnership({ self, pool, matureMs, memory: noMemory, now }),
    told: null,
    toMain: [],
    toEngine: [],
    orders: [],
    closed: false,
    view: null,
    delivered: new Map(),
  };
  return turned({ ...node, runs, held: [], agent }, options, (doing) => doing.engine({ kind: 'wakeup' }));
}

/** The machine is dead, its kernel with it. */
export function dead(node: Node): Node {
  return { ...node, held: [], agent: null };
}

export type Turned = { readonly node: Node; readonly happenings: readonly Happening[] };

/** One thing that happens to a host, with all that follows from it at once. */
export function turned(node: Node, options: NodeOptions, what: (doing: Doing) => void): Turned {
  if (node.agent === null) return { node, happenings: [] };
  const doing = new Doing(node, node.agent, options);
  what(doing);
  doing.finish();
  return { node: doing.result(), happenings: doing.happenings };
}

/** The earlier of its two threads' deadlines; null: it waits for nothing. */
export function wakeupOf({ engine, ownership }: ModelAgent): number | null {
  const main = ownershipWakeup(ownership);
  if (engine.wakeAt === null) return main;
  return main === null ? engine.wakeAt : Math.min(engine.wakeAt, main);
}

/** A turn of one host in the making; lives no longer than that. */
export class Doing {
  readonly happenings: Happening[] = [];
  clock: number;
  readonly #node: Node;
  readonly #options: NodeOptions;
  readonly #toMain: Occurrence[];
  readonly #toEngine: EngineOccurrence[];
  #agent: ModelAgent;
  #ended = false;
  #orders: readonly Order[];
  #held: readonly SetName[];

  constructor(node: Node, agent: ModelAgent, options: NodeOptions) {
    this.#node = node;
    this.#agent = agent;
    this.#options = options;
    this.clock = node.clock;
    this.#toMain = [...agent.toMain];
    this.#toEngine = [...agent.toEngine];
    this.#orders = agent.orders;
    this.#held = node.held;
  }

  get agent(): ModelAgent {
    return this.#agent;
  }

  result(): Node {
    const agent = this.#ended
      ? null
      : { ...this.#agent, toMain: this.#toMain, toEngine: this.#toEngine, orders: this.#orders };
    return { ...this.#node, clock: this.clock, held: this.#ended ? [] : this.#held, agent };
  }

  engine(occurrence: EngineOccurrence): void {
    if (this.#ended) return;
    const now = this.clock as InstantMs; // of this host
    const { state, effects } = engineStep(this.#agent.engine, { ...occurrence, now } as MemberEvent); // the same kind, completed
    this.#agent = { ...this.#agent, engine: state };
    for (const effect of effects) this.#performEngine(effect);
  }

  main(occurrence: Occurrence): void {
    if (this.#ended || this.#agent.closed) return;
    if (occurrence.kind === 'view') this.#agent = { ...this.#agent, told: occurrence.view.id };
    const before = this.#agent.ownership;
    const event = { ...occurrence, now: this.clock } as OwnershipEvent; // the same kind, completed
    const { state: after, effects } = step(before, event);
    this.#agent = { ...this.#agent, ownership: after };
    this.happenings.push({ kind: 'stepped', before, event, after, effects });
    for (const effect of effects) this.#perform(effect);
  }

  /** Both threads, as far as their deadlines have come. */
  wake(): void {
    const { engine, ownership } = this.#agent;
    if (engine.wakeAt !== null && engine.wakeAt <= this.clock) this.engine({ kind: 'wakeup' });
    const main = ownershipWakeup(ownership);
    if (main !== null && main <= this.clock) this.main({ kind: 'wakeup' });
  }

  /** The kernel carries out the first order. */
  answerOrder(): void {
    const [order, ...rest] = this.#orders;
    if (order === undefined) return;
    this.#orders = rest;
    const { sets } = order;
    if (order.kind === 'claim') {
      this.#held = [...new Set([...this.#held, ...sets])].sort();
      for (const set of sets) this.happenings.push({ kind: 'announced', set });
      this.main({ kind: 'claimed', sets });
    } else {
      this.#held = this.#held.filter((set) => !sets.includes(set));
      this.main({ kind: 'released', sets });
    }
  }

  /** The first word on its way from one thread to the other. */
  hand(to: 'main' | 'engine'): void {
    const [word] = to === 'main' ? this.#toMain.splice(0, 1) : [];
    const [order] = to === 'engine' ? this.#toEngine.splice(0, 1) : [];
    if (word !== undefined) this.main(word);
    if (order !== undefined) this.engine(order);
  }

  /** What takes no time: words between the threads, unless they are to take any; heartbeats that do not wait for their turn. */
  finish(): void {
    for (let round = 0; round < urgentMax; round += 1) {
      while (this.#options.threads === 'at once' && this.#toMain.length + this.#toEngine.length > 0) {
        this.hand(this.#toMain.length > 0 ? 'main' : 'engine');
      }
      const { wakeAt } = this.#agent.engine;
      if (this.#ended || wakeAt === null || wakeAt > this.clock + urgentGapMs) return;
      this.clock = Math.max(this.clock, wakeAt);
      this.engine({ kind: 'wakeup' });
    }
    throw new Error(`${this.#node.host} is awake for ever`);
  }

  #performEngine(effect: MemberEffect): void {
    switch (effect.kind) {
      case 'broadcast-heartbeat':
        this.happenings.push({ kind: 'broadcast', heartbeat: effect.heartbeat });
        return;
      case 'send-heartbeat':
        this.happenings.push({ kind: 'answered', to: effect.route.address, heartbeat: effect.heartbeat });
        return;
      case 'send-datagram':
        this.happenings.push({ kind: 'sent', to: effect.route.address, datagram: effect.datagram });
        return;
      case 'stalled':
        this.#toMain.push({ kind: 'stalled' });
        return;
      case 'apart':
        this.#toMain.push({ kind: 'apart', members: effect.members, spared: effect.spared });
        return;
      case 'view': {
        const { view: former, delivered } = this.#agent;
        const { view } = effect;
        this.happenings.push({ kind: 'installed', view, former, delivered });
        this.#agent = { ...this.#agent, view, delivered: new Map() };
        this.#toMain.push({ kind: 'view', view });
        return;
      }
      case 'deliver': {
        const { sender, payload } = effect;
        const { delivered } = this.#agent;
        const all = `${delivered.get(sender) ?? ''} ${payload.join('.')}`;
        this.#agent = { ...this.#agent, delivered: new Map(delivered).set(sender, all) };
        this.#toMain.push({ kind: 'message', sender, message: messageOf(payload) });
        return;
      }
      case 'suspects':
        return; // for the probes of agent/suspicion.ts, of which nothing hangs here
      case 'unknown-message':
        throw new Error(`a message of ${effect.sender} is not understood`);
      case 'refused':
      case 'left':
        this.#ended = true;
        return;
    }
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { told } = this.#agent;
        if (told !== null) this.#toEngine.push({ kind: 'send', view: told, payload: payloadOf(effect.message) });
        return;
      }
      case 'claim':
        this.#orders = [...this.#orders, { kind: 'claim', sets: effect.sets }];
        return;
      case 'release':
      case 'retire':
        this.#orders = [...this.#orders, { kind: 'release', sets: effect.sets }];
        return;
      case 'announce':
        for (const set of effect.sets) if (this.#held.includes(set)) this.happenings.push({ kind: 'announced', set });
        return;
      case 'left':
        this.#agent = { ...this.#agent, closed: true };
        this.#held = [];
        this.#toEngine.push({ kind: 'leave' });
        return;
      case 'hush':
      case 'remember':
      case 'moved':
      case 'done':
      case 'refused':
        return;
    }
  }
}
