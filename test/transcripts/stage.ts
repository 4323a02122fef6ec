/** A simulated group without chance, on which a story is played: what happens becomes lines, what clients go through is measured. */
import type { HostName } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import type { Agent } from '../simulation/agent.ts';
import { allChecks } from '../simulation/checks/checks.ts';
import type { Fault } from '../simulation/fault.ts';
import { settledViews } from '../simulation/rest.ts';
import { World } from '../simulation/world.ts';
import { Clients } from './clients.ts';
import { EngineWatch } from './engine-watch.ts';
import { linesOf } from './lines.ts';

/** Any: nothing in a story hangs on it but the jitter of heartbeats. */
const seed = 1;
const restMsMax = 12_000;

export class Stage {
  readonly world: World;
  readonly clients: Clients;
  readonly lines: string[] = [];
  readonly #engines = new EngineWatch();
  readonly #checks = allChecks();
  /** In the time of the world; null: nothing is told yet. */
  #beganAt: number | null = null;
  #heartbeatsBefore = 0;

  constructor(
    hosts: readonly string[],
    sets: readonly string[],
    change: (pool: Pool) => Pool = (pool) => pool,
    takeover: 'answered' | 'immediate' = 'immediate',
  ) {
    this.world = new World({
      seed,
      hosts,
      pool: change(poolOf(hosts, sets)),
      heartbeatMs: 100,
      detectMs: 300,
      matureMs: 1_000,
      lifetimeMs: 6_000,
      clockDrift: 0,
      kernelMsMax: 0.5,
      threadMsMax: 0.02,
      bytes: 'wire',
      paths: 1,
      takeover,
    });
    const weather = { loss: 0, duplication: 0, delayMsMin: 0.2, delayMsMax: 0.2 };
    this.world.apply({ kind: 'weather', weather });
    this.clients = new Clients(this.world);
    this.world.onObservation = (observation) => {
      for (const check of this.#checks) check.observe(observation, this.world);
      for (const [host, line] of linesOf(observation)) this.#tell(host, line);
    };
  }

  /** From now on what happens is told, from 0 ms on. */
  begin(): void {
    this.#beganAt = this.world.now;
    this.#heartbeatsBefore = this.#engines.heartbeats;
    this.clients.forget();
    this.#look();
  }

  /** All hosts are there, and nothing is under way. */
  startAll(): void {
    for (const host of this.world.hosts.keys()) this.apply({ kind: 'start', host });
    this.rest();
  }

  apply(fault: Fault): void {
    this.world.apply(fault);
    this.#look();
  }

  pass(ms: number): void {
    const until = this.world.now + ms;
    while (this.world.advance(until)) this.#look();
  }

  /** @throws Error where it does not come to that in time */
  until(what: string, holds: () => boolean): void {
    const deadline = this.world.now + restMsMax;
    while (!holds()) {
      if (!this.world.advance(deadline)) throw new Error(`it does not come to it that ${what}`);
      this.#look();
    }
  }

  /** Until nothing is under way, the promises of a group at rest checked. */
  rest(): void {
    this.until('the group is at rest', () => settledViews(this.world) !== null);
    const views = settledViews(this.world);
    if (views !== null) for (const check of this.#checks) check.atRest(views, this.world);
  }

  agent(host: string): Agent {
    const { agent } = this.world.host(host);
    if (agent === null) throw new Error(`no agent runs on ${host}`);
    return agent;
  }

  /** `e1: api | e2: www`: what the kernels have. */
  held(): string {
    const each = [...this.world.hosts.values()].map(({ name, held }) =>
      `${name}: ${[...held].sort().join(' ')}`.trim(),
    );
    return each.join(' | ');
  }

  /** Since it began. */
  heartbeats(): number {
    return this.#engines.heartbeats - this.#heartbeatsBefore;
  }

  #look(): void {
    const { world } = this;
    for (const { name, agent } of world.hosts.values()) {
      for (const line of this.#engines.look(name, agent?.engine ?? null)) this.#tell(name, line);
    }
    for (const line of this.clients.look()) this.#tell('clients', line);
  }

  #tell(host: string, line: string): void {
    if (this.#beganAt === null) return;
    const ms = (this.world.now - this.#beganAt).toFixed(1);
    this.lines.push(`${ms.padStart(8)}  ${host.padEnd(8)}  ${line}`);
  }
}

function poolOf(hosts: readonly string[], sets: readonly string[]): Pool {
  return {
    version: 'v1',
    sets: sets.map((name) => ({
      name: name as SetName, // of this pool
      prefer: [] as readonly HostName[],
      only: null,
      apart: null,
      failbackMs: null,
      handover: 'make-before-break',
    })),
    weights: new Map(),
    hostsExpected: hosts.length,
    balance: { mode: 'on-demand', movesMax: 2, everyMs: 30_000 },
  };
}
