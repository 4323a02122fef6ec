/** One simulated machine: its clock, its kernel's addresses with their lifetimes, whether it runs, and the agent on it. */

import { type Memory, noMemory } from '../../agent/ownership/freeze.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import type { Clock } from '../../agent/system/clock.ts';
import { Agent, type AgentOptions } from './agent.ts';
import { Guard } from './guard.ts';
import { HostClock } from './host-clock.ts';
import type { End, Removal } from './observation.ts';
import type { Surroundings } from './surroundings.ts';

export type HostOptions = Omit<AgentOptions, 'incarnation' | 'seed' | 'adopted' | 'adoptedUntil'> & {
  readonly clockStartsAt: number;
  readonly clockRate: number;
  /** Of an address that nobody renews. */
  readonly lifetimeMs: number;
};

/** For what the agent's own code waits for. */
export function clockOf(host: Host): Pick<Clock, 'now' | 'after'> {
  return {
    now: () => host.localNow,
    after(delayMs, run) {
      let cancelled = false;
      host.timer(host.localNow + delayMs, () => {
        if (!cancelled) run();
      });
      return () => {
        cancelled = true;
      };
    },
  };
}

/** Datagrams that wait for a stopped process: what a socket buffer holds. */
const backlogMax = 500;
/** Frames that wait in the card of a paused machine, at most. */
const ringMax = 4;

export class Host {
  readonly name: string;
  readonly options: HostOptions;
  readonly world: Surroundings;
  readonly clock: HostClock;
  agent: Agent | null = null;
  /** Of an agent that was killed. */
  guard: Guard | null = null;
  /** What its file says. */
  pool: Pool;
  powered = false;
  linkUp = true;
  paused: { readonly clock: 'runs' | 'stands'; readonly since: number } | null = null;
  /** On its disk. */
  memory: Memory = noMemory;
  readonly refusedSets = new Set<SetName>();
  /** Ours in the kernel, and until when on its clock. */
  readonly #addresses = new Map<SetName, number>();
  #backlog: (() => void)[] = [];
  #runs = 0;
  /** Room that is left. */
  #ring = 0;

  constructor(name: string, options: HostOptions, world: Surroundings) {
    this.name = name;
    this.options = options;
    this.world = world;
    this.pool = options.pool;
    this.clock = new HostClock(options.clockStartsAt, options.clockRate, world.now);
  }

  get localNow() {
    return this.clock.at(this.world.now);
  }

  has(set: SetName): boolean {
    return this.#addresses.has(set);
  }

  get held(): readonly SetName[] {
    return [...this.#addresses.keys()];
  }

  /** Whether a client that sends to this machine gets an answer. */
  answers(set: SetName): boolean {
    return this.#addresses.has(set) && this.linkUp && this.powered && this.paused?.clock !== 'stands';
  }

  start(): void {
    if (this.agent !== null) return;
    this.powered = true;
    this.#runs += 1;
    const { world } = this;
    const incarnation = (world.dice.below(2 ** 32) >>> 0).toString(16).padStart(8, '0');
    const run = this.#runs.toString(16).padStart(24, '0');
    const guarded = this.guard?.end() ?? { held: [], until: null };
    const adopted = guarded.held.filter((set) => this.pool.sets.some(({ name }) => name === set));
    this.guard = null;
    for (const set of this.held) if (!adopted.includes(set)) this.remove(set, 'reaped');
    const { heartbeatMs, detectMs, matureMs, expectedHosts, kernelMsMax, threadMsMax, takeover } = this.options;
    this.agent = new Agent(this, {
      incarnation: incarnation + run,
      seed: world.dice.below(2 ** 32),
      pool: this.pool,
      adopted,
      adoptedUntil: guarded.until,
      heartbeatMs,
      detectMs,
      matureMs,
      expectedHosts,
      kernelMsMax,
      threadMsMax,
      takeover,
    });
    this.agent.start();
  }

  powerOff(): void {
    this.#end('power');
    this.guard?.end();
    this.guard = null;
    this.powered = false;
    for (const set of this.held) this.remove(set, 'power');
  }

  kill(guard: 'lives' | 'dead'): void {
    const { agent } = this;
    if (agent === null) return;
    const lastSign = this.paused === null ? this.localNow : this.clock.at(this.paused.since);
    this.#end('killed');
    if (guard === 'lives') this.guard = new Guard(this, agent.member, lastSign, agent.ownership.adoptedUntil);
  }

  /** Once the agent has ended by itself. */
  gone(agent: Agent, how: End): void {
    if (this.agent !== agent) return;
    this.agent = null;
    this.world.observe({ kind: 'ended', host: this.name, member: agent.member, how });
  }

  pause(clock: 'runs' | 'stands'): void {
    if (this.paused !== null || !this.powered) return;
    this.paused = { clock, since: this.world.now };
    this.#ring = this.world.dice.below(ringMax + 1);
    if (clock === 'stands') this.clock.stand(this.world.now);
  }

  resume(): void {
    if (this.paused === null) return;
    const { clock, since } = this.paused;
    const pausedMs = this.world.now - since;
    this.paused = null;
    this.clock.goOn(this.world.now);
    this.world.observe({ kind: 'resumed', host: this.name, pausedMs, clock });
    const backlog = this.#backlog;
    this.#backlog = [];
    // A first look at the timers or at the sockets: either may be before the other.
    if (this.world.dice.chance(0.5)) this.agent?.wake();
    for (const run of backlog) run();
    this.agent?.wake();
  }

  /** Now, or when the process runs again. */
  whenRunning(run: () => void): void {
    if (this.paused === null) run();
    else if (this.#backlog.length < backlogMax) this.#backlog.push(run);
  }

  /** As `whenRunning`, but of what comes from the network to a paused machine only the first waits: its card has room for no more. */
  whenReachable(run: () => void): void {
    if (this.paused?.clock === 'stands') {
      if (this.#ring === 0) return;
      this.#ring -= 1;
    }
    this.whenRunning(run);
  }

  /** On this machine's clock; late where the process stands still. */
  timer(dueLocal: number, run: (lateMs: number) => void): void {
    // Rounded up, as a real timer: a clock that shows a hair less would have it set anew for ever.
    this.world.at(this.clock.trueTimeOf(dueLocal) + 1e-3, () => {
      if (this.paused?.clock === 'stands') this.#backlog.push(() => this.timer(dueLocal, run));
      else if (this.paused !== null) this.#backlog.push(() => run(this.localNow - dueLocal));
      else if (this.localNow < dueLocal) this.timer(dueLocal, run);
      else run(Math.max(0, this.localNow - dueLocal));
    });
  }

  add(set: SetName): void {
    this.#addresses.set(set, this.localNow + this.options.lifetimeMs);
    this.world.observe({ kind: 'added', host: this.name, set });
    this.#expire(set, this.localNow + this.options.lifetimeMs);
  }

  renew(): void {
    this.world.observe({ kind: 'renewed', host: this.name });
    for (const set of this.#addresses.keys()) this.#addresses.set(set, this.localNow + this.options.lifetimeMs);
  }

  remove(set: SetName, why: Removal): void {
    if (this.#addresses.delete(set)) this.world.observe({ kind: 'removed', host: this.name, set, why });
  }

  /** The kernel does this, whatever becomes of the process. */
  #expire(set: SetName, dueLocal: number): void {
    this.world.at(this.clock.trueTimeOf(dueLocal) + 1e-3, () => {
      const until = this.#addresses.get(set);
      if (until === undefined) return;
      if (this.paused?.clock === 'stands') this.#backlog.push(() => this.#expire(set, dueLocal));
      else if (this.localNow < until) this.#expire(set, until);
      else this.remove(set, 'expired');
    });
  }

  #end(how: 'power' | 'killed'): void {
    this.agent?.stop();
    if (this.agent !== null) this.gone(this.agent, how);
    if (this.paused !== null) {
      this.paused = null;
      this.clock.goOn(this.world.now);
    }
    this.#backlog = [];
  }
}
