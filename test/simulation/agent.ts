/**
 * One run of a simulated agent: the engine's step in one thread, ownership's in another, what they say to each other a moment
 * later, and the hands that claim, release and announce. What agent/core.ts, driver.ts and system/claims.ts do, in virtual time.
 */
import type { Evidence } from '../../agent/membership/evidence.ts';
import {
  createMember,
  type MemberEffect,
  type MemberEvent,
  type MemberState,
} from '../../agent/membership/member-state.ts';
import { step as engineStep, nextWakeup as engineWakeup } from '../../agent/membership/step.ts';
import { type HostName, type InstantMs, type MemberId, memberId, type ViewId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { type Spared, sparedNews, unknownSilent } from '../../agent/ownership/spared.ts';
import {
  initialOwnership,
  type OwnershipEffect,
  type OwnershipEvent,
  type OwnershipState,
} from '../../agent/ownership/state.ts';
import { nextWakeup, step } from '../../agent/ownership/step.ts';
import { onceEvident } from '../../agent/system/evidence-wait.ts';
import { Announcer } from './announcer.ts';
import type { Frame } from './frame.ts';
import { clockOf, type Host } from './host.ts';
import { Suspicion } from './suspicion.ts';
import { Witness } from './witness.ts';

export type AgentOptions = {
  readonly incarnation: string;
  readonly seed: number;
  readonly pool: Pool;
  /** What a guard has kept in the kernel. */
  readonly adopted: readonly SetName[];
  readonly adoptedUntil: InstantMs | null;
  readonly heartbeatMs: number;
  readonly detectMs: number;
  readonly matureMs: number;
  readonly expectedHosts: readonly HostName[];
  /** What the kernel takes for one order. */
  readonly kernelMsMax: number;
  /** From one thread to the other. */
  readonly threadMsMax: number;
  readonly takeover: 'answered' | 'immediate';
};

/** Without `now`. */
export type Occurrence = WithoutNow<OwnershipEvent>;
type EngineOccurrence = WithoutNow<MemberEvent>;
type WithoutNow<E> = E extends { now: InstantMs } ? Omit<E, 'now'> : never;

/** As in agent/system/claims.ts: what a host that hands over still answers. */
const inFlightMs = 10;

export class Agent {
  readonly member: MemberId;
  readonly host: Host;
  readonly announcer: Announcer;
  /** null: its file names none, or it is a witness itself. */
  readonly witness: Witness | null;
  /** null: its thread is gone. */
  engine: MemberState | null;
  ownership: OwnershipState;
  /** Orders to the kernel and words between the threads that are under way. */
  underWay = 0;
  readonly #options: AgentOptions;
  /** null: what is silent is taken over from at once. */
  readonly #suspicion: Suspicion | null;
  #closed = false;
  #stopped = false;
  #view: ViewId | null = null;
  #engineTimerAt = Number.POSITIVE_INFINITY;
  #timerAt = Number.POSITIVE_INFINITY;
  #toMainAt = 0;
  #toEngineAt = 0;
  #spared: Spared | null = null;
  readonly #queue: Occurrence[] = [];
  #stepping = false;
  #asked = 0;
  #confirmed = 0;
  readonly #evidence: Evidence = {
    ask: () => {
      this.#asked += 1;
      this.host.world.observe({ kind: 'waits', host: this.host.name });
      this.#tellEngine({ kind: 'ask', question: this.#asked });
      return this.#asked;
    },
    isAnswered: (question) => this.#confirmed >= question,
  };

  constructor(host: Host, options: AgentOptions) {
    const { incarnation, seed, pool, adopted, adoptedUntil, heartbeatMs, detectMs, matureMs, expectedHosts } = options;
    this.host = host;
    this.#options = options;
    this.member = memberId(host.name as HostName, incarnation); // the world names its hosts
    const now = host.localNow;
    const codec = host.world.codec.link;
    const asksFirst = options.takeover === 'answered';
    this.engine = createMember(
      { self: this.member, level: 1, heartbeatMs, detectMs, expectedHosts, asksFirst, codec, seed },
      now,
    );
    const { memory } = host;
    this.ownership = initialOwnership({ self: this.member, pool, adopted, adoptedUntil, matureMs, memory, now });
    this.announcer = new Announcer(host, this.#evidence);
    const isAsked = pool.witnessAsked === true && pool.witnesses?.has(host.name as HostName) !== true; // the world names its hosts
    this.witness = isAsked ? new Witness(this, detectMs) : null;
    const tell = (members: ReadonlySet<MemberId>): void => this.occur({ kind: 'answering', members });
    this.#suspicion = options.takeover === 'answered' ? new Suspicion(host, () => this.ownership, tell) : null;
  }

  /** Its kernel is renewed, its engine sends, ownership waits for a view. */
  start(): void {
    this.host.renew();
    this.host.world.observe({ kind: 'started', host: this.host.name, member: this.member });
    this.linkChanged();
    this.#armRenewal();
    this.witness?.start();
    this.wake();
  }

  /** Its threads do nothing any more: dead, or the machine is. */
  stop(): void {
    this.#stopped = true;
    this.announcer.close();
    this.#suspicion?.close();
  }

  /** Whether it waits for an answer about a silent host. */
  get isInDoubt(): boolean {
    return this.#suspicion?.isInDoubt ?? false;
  }

  get running(): boolean {
    return !this.#stopped && !this.#closed;
  }

  receive(from: string, frame: Frame, path: number): void {
    switch (frame.kind) {
      case 'heartbeat':
        this.#stepEngine({ kind: 'heartbeat', heartbeat: frame.heartbeat, route: { path, address: from } });
        return;
      case 'datagram': {
        const { from: sender, datagram } = frame;
        this.#stepEngine({ kind: 'datagram', from: sender, datagram, route: { path, address: from } });
        return;
      }
      case 'obituary':
        this.#stepEngine({ kind: 'obituary', from: frame.from });
        return;
    }
  }

  /** Its file has changed. */
  readPool(): void {
    this.occur({ kind: 'pool', pool: this.host.pool });
    if (!this.host.linkUp) this.linkChanged();
  }

  wake(): void {
    this.#stepEngine({ kind: 'wakeup' });
    this.occur({ kind: 'wakeup' });
  }

  linkChanged(): void {
    const { linkUp } = this.host;
    const names = linkUp ? [] : this.host.pool.sets.map(({ name }) => name);
    if (!linkUp || this.ownership.unable.size > 0) {
      this.occur({ kind: 'unable', sets: new Map(names.map((name) => [name, 'its interface is down'])) });
    }
    if (linkUp) this.#announceAgain(this.host.held);
  }

  loseEngine(): void {
    if (this.engine === null) return;
    this.engine = null;
    this.#tellMain({ kind: 'lost' });
  }

  occur(occurrence: Occurrence): void {
    if (!this.running) return;
    this.#queue.push(occurrence);
    if (this.#stepping) return; // an effect led to it: after the others of its step
    this.#stepping = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    this.#stepping = false;
    this.#suspicion?.inherit(unknownSilent(this.ownership));
    if (this.#suspicion !== null) this.#tellSpared();
    this.#arm();
  }

  #tellSpared(): void {
    const news = sparedNews(this.ownership, this.#spared);
    if (news === null) return;
    this.#spared = news;
    this.#tellEngine({ kind: 'spare', view: news.view.id, members: news.members });
  }

  #step(occurrence: Occurrence): void {
    const before = this.ownership;
    const event = completed<OwnershipEvent>(occurrence, this.host.localNow);
    const { state: after, effects } = step(before, event);
    this.ownership = after;
    this.host.world.observe({ kind: 'stepped', host: this.host.name, before, event, after, effects });
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.kind) {
      case 'send':
        // In the view that ownership has seen last.
        if (this.#view !== null) {
          this.#tellEngine({ kind: 'send', view: this.#view, payload: this.host.world.codec.encode(effect.message) });
        }
        return;
      case 'claim':
        this.#order(() => this.#claim(effect.sets));
        return;
      case 'release':
        this.#release(effect.sets);
        return;
      case 'retire':
        this.announcer.hush(effect.sets);
        this.underWay += 1;
        this.host.timer(this.host.localNow + inFlightMs, () => {
          this.underWay -= 1;
          if (this.running) this.#release(effect.sets);
        });
        return;
      case 'announce':
        this.announcer.start(effect.sets, 'again');
        return;
      case 'hush':
        this.announcer.hush(effect.sets);
        return;
      case 'remember':
        this.host.memory = effect.memory;
        return;
      case 'left':
        this.#close();
        return;
      case 'moved':
      case 'done':
      case 'refused':
        return;
    }
  }

  #claim(sets: readonly SetName[]): void {
    const claimed = sets.filter((set) => !this.host.refusedSets.has(set));
    for (const set of claimed) this.host.add(set);
    this.announcer.start(claimed, 'claimed');
    if (claimed.length > 0) this.occur({ kind: 'claimed', sets: claimed });
    for (const set of sets) {
      if (claimed.includes(set)) continue;
      this.host.world.observe({ kind: 'claim-refused', host: this.host.name, set });
      this.occur({ kind: 'claim-failed', set, why: 'the kernel refuses' });
    }
  }

  #release(sets: readonly SetName[]): void {
    this.announcer.hush(sets);
    this.#order(() => {
      for (const set of sets) this.host.remove(set, 'released');
      this.occur({ kind: 'released', sets });
    });
  }

  #announceAgain(sets: readonly SetName[]): void {
    this.announcer.start(
      sets.filter((set) => this.announcer.announces(set)),
      'again',
    );
  }

  /** It leaves the group, with nothing in its kernel. */
  #close(): void {
    this.#closed = true;
    this.announcer.close();
    this.#suspicion?.close();
    for (const set of this.host.held) this.host.remove(set, 'closed');
    if (this.engine === null) this.host.gone(this, 'left');
    else this.#tellEngine({ kind: 'leave' });
  }

  #stepEngine(occurrence: EngineOccurrence): void {
    if (this.engine === null || this.#stopped) return;
    const event = completed<MemberEvent>(occurrence, this.host.localNow);
    const { state, effects } = engineStep(this.engine, event);
    this.engine = state;
    for (const effect of effects) this.#performEngine(state, effect);
    this.#armEngine();
  }

  #performEngine(engine: MemberState, effect: MemberEffect): void {
    const { world, name } = this.host;
    switch (effect.kind) {
      case 'broadcast-heartbeat':
        for (let path = 0; path < world.paths; path += 1) {
          world.transmit(name, null, { kind: 'heartbeat', heartbeat: effect.heartbeat }, path);
        }
        return;
      case 'send-heartbeat':
        world.transmit(
          name,
          effect.route.address,
          { kind: 'heartbeat', heartbeat: effect.heartbeat },
          effect.route.path,
        );
        return;
      case 'send-datagram': {
        const { datagram, route } = effect;
        world.transmit(name, route.address, { kind: 'datagram', from: engine.incarnation, datagram }, route.path);
        return;
      }
      case 'confirmed':
        this.#confirmed = effect.question; // memory that the threads share
        return;
      case 'stalled':
        this.#tellMain({ kind: 'stalled' });
        return;
      case 'apart':
        this.#tellMain({ kind: 'apart', members: effect.members, spared: effect.spared });
        return;
      case 'suspects': {
        const { members, heard } = effect;
        if (this.#suspicion !== null) this.#later(() => this.#suspicion?.suspect(members, heard));
        return;
      }
      case 'view':
        world.observe({ kind: 'installed', host: name, member: this.member, view: effect.view });
        this.#tellMain({ kind: 'view', view: effect.view });
        return;
      case 'deliver': {
        const { sender, payload } = effect;
        world.observe({ kind: 'delivered', host: name, member: this.member, sender, key: world.codec.keyOf(payload) });
        this.#tellMain({ kind: 'message', sender, message: world.codec.decode(payload) });
        return;
      }
      case 'unknown-message':
        throw new Error(`a message of ${effect.sender} is not understood`);
      case 'refused':
      case 'left':
        this.engine = null;
        if (!this.#closed) this.#close();
        this.host.gone(this, effect.kind);
        return;
    }
  }

  #tellMain(occurrence: Occurrence): void {
    this.#later(() => {
      if (occurrence.kind === 'view') this.#view = occurrence.view.id;
      this.occur(occurrence);
      if (occurrence.kind === 'view' && occurrence.view.members.length === 1) this.witness?.hurry();
    });
  }

  /** In the main thread, after what it was told before. */
  #later(run: () => void): void {
    const { world } = this.host;
    this.#toMainAt = Math.max(this.#toMainAt, world.now + world.dice.between(0.01, this.#options.threadMsMax));
    this.underWay += 1;
    world.at(this.#toMainAt, () =>
      this.host.whenRunning(() => {
        this.underWay -= 1;
        run();
      }),
    );
  }

  #tellEngine(occurrence: EngineOccurrence): void {
    const { world } = this.host;
    this.#toEngineAt = Math.max(this.#toEngineAt, world.now + world.dice.between(0.01, this.#options.threadMsMax));
    const counts = occurrence.kind === 'ask' ? 0 : 1; // a question is asked at rest as well, as heartbeats are sent
    this.underWay += counts;
    world.at(this.#toEngineAt, () =>
      this.host.whenRunning(() => {
        this.underWay -= counts;
        this.#stepEngine(occurrence);
      }),
    );
  }

  #order(carryOut: () => void): void {
    const { world } = this.host;
    const { kernelMsMax } = this.#options;
    const takesMs = world.dice.chance(0.05) ? kernelMsMax : world.dice.between(0.05, kernelMsMax / 10);
    this.underWay += 1;
    world.at(world.now + takesMs, () =>
      this.host.whenRunning(() => {
        this.underWay -= 1;
        if (this.running) carryOut();
      }),
    );
  }

  /** A deadline that moves away leaves the timer: it fires early, finds nothing due and is set anew. */
  #armEngine(): void {
    const at = this.engine === null ? null : engineWakeup(this.engine);
    if (at === null || at >= this.#engineTimerAt) return;
    this.#engineTimerAt = at;
    this.host.timer(at, () => {
      if (this.#engineTimerAt !== at) return;
      this.#engineTimerAt = Number.POSITIVE_INFINITY;
      const due = this.engine === null ? null : engineWakeup(this.engine);
      if (due !== null && due > this.host.localNow) this.#armEngine();
      else this.#stepEngine({ kind: 'wakeup' });
    });
  }

  #arm(): void {
    const at = nextWakeup(this.ownership);
    if (at === null || at >= this.#timerAt) return;
    this.#timerAt = at;
    this.host.timer(at, () => {
      if (this.#timerAt !== at) return;
      this.#timerAt = Number.POSITIVE_INFINITY;
      const due = nextWakeup(this.ownership);
      if (due === null || due > this.host.localNow) this.#arm();
      else this.occur({ kind: 'wakeup' });
    });
  }

  #armRenewal(): void {
    this.host.timer(this.host.localNow + this.host.options.lifetimeMs / 3, (lateMs) => {
      if (!this.running) return;
      this.#armRenewal();
      const { detectMs } = this.#options;
      if (lateMs > detectMs || this.host.held.length === 0) return;
      const wait = { clock: clockOf(this.host), evidence: this.#evidence, waitMs: detectMs, stallMs: detectMs };
      onceEvident(wait, () => {
        if (this.running) this.host.renew();
      });
    });
  }
}

/** The same object: there are some hundred of them in a schedule. */
function completed<E extends { now: InstantMs }>(occurrence: WithoutNow<E>, now: InstantMs): E {
  const event = occurrence as { now?: InstantMs };
  event.now = now;
  return event as E; // the same kind, completed
}
