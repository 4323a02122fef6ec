/**
 * A simulated group: hosts on one segment in virtual time, what befalls them, and a client that believes who announced last. All
 * of it follows from one seed.
 */
import type { HostName, MemberId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { Agenda } from './agenda.ts';
import type { Agent } from './agent.ts';
import { type Codec, numberCodec, wireCodec } from './codec.ts';
import { Dice } from './dice.ts';
import type { Fault } from './fault.ts';
import type { Frame } from './frame.ts';
import { Host, type HostOptions } from './host.ts';
import { optionsInFull, poolInFull } from './in-full.ts';
import type { Observation } from './observation.ts';
import type { Surroundings } from './surroundings.ts';
import { calm, type Weather } from './weather.ts';

export type WorldOptions = {
  readonly seed: number;
  readonly hosts: readonly string[];
  readonly pool: Pool;
  readonly heartbeatMs: number;
  readonly detectMs: number;
  readonly matureMs: number;
  readonly lifetimeMs: number;
  /** How much faster or slower than true time a clock may run: 0.01 is one in a hundred. */
  readonly clockDrift: number;
  readonly kernelMsMax: number;
  readonly threadMsMax: number;
  readonly bytes: 'numbers' | 'wire';
  /** Whether silent hosts are asked for what they held, and left alone while they answer. */
  readonly takeover: 'answered' | 'immediate';
  /** Networks between the hosts. */
  readonly paths: number;
};

/** In cuts and splits: the address that must answer (`pool.witnessAsked`). */
export const witnessNode = 'witness';

export class World implements Surroundings {
  readonly options: WorldOptions;
  readonly dice: Dice;
  /** Apart from the other, so that it says the same with and without a witness. */
  readonly #witnessDice: Dice;
  /** Likewise, of questions for an address. */
  readonly #probeDice: Dice;
  readonly codec: Codec;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Whose announcement of a set came last: where a client sends. */
  readonly neighbours = new Map<SetName, string>();
  weather: Weather = calm;
  now = 0;
  /** Everything but heartbeats, so far. */
  datagramsSent = 0;
  datagramsUnderWay = 0;
  /** Of the last fault, in true time. */
  lastFaultAt = 0;
  onObservation: (observation: Observation) => void = () => {};
  readonly #agenda = new Agenda();
  /** `from>to`, one direction, on all paths. */
  readonly #cuts = new Set<string>();
  /** Hosts whose frames a filter drops. */
  readonly #blocked = new Set<string>();
  /** `from>to`: frames of the group that a filter drops. */
  readonly #filtered = new Set<string>();
  /** `host/path`, with how many faults keep it down. */
  readonly #lostPaths = new Map<string, number>();
  /** Hosts that no witness answers, with how many faults make it so. */
  readonly #withoutWitness = new Map<string, number>();
  #sets: readonly SetName[];

  constructor(options: WorldOptions) {
    this.options = optionsInFull(options);
    this.dice = new Dice(options.seed);
    this.#witnessDice = new Dice(options.seed ^ 0x3c6ef372);
    this.#probeDice = new Dice(options.seed ^ 0x1b873593);
    this.#sets = options.pool.sets.map(({ name }) => name);
    this.codec = options.bytes === 'wire' ? wireCodec() : numberCodec();
    this.hosts = new Map(options.hosts.map((name) => [name, new Host(name, this.#drawHost(), this)]));
  }

  #drawHost(): HostOptions {
    const { pool, heartbeatMs, detectMs, matureMs, hosts, kernelMsMax, threadMsMax, takeover, lifetimeMs, clockDrift } =
      this.options;
    return {
      pool,
      heartbeatMs,
      detectMs,
      matureMs,
      expectedHosts: hosts as readonly HostName[],
      kernelMsMax,
      threadMsMax,
      takeover,
      lifetimeMs,
      clockStartsAt: 1_000 + this.dice.below(1_000_000),
      clockRate: this.dice.between(1 - clockDrift, 1 + clockDrift),
    };
  }

  host(name: string): Host {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  get paths(): number {
    return this.options.paths;
  }

  /** Of all files that hosts have had. */
  get sets(): readonly SetName[] {
    return this.#sets;
  }

  /** Of the agents that run, with their hosts in order. */
  agents(): readonly Agent[] {
    const agents: Agent[] = [];
    for (const { agent } of this.hosts.values()) if (agent?.running) agents.push(agent);
    return agents;
  }

  agentOf(member: MemberId): Agent | null {
    for (const { agent } of this.hosts.values()) if (agent?.member === member) return agent;
    return null;
  }

  at(trueTime: number, run: () => void): void {
    this.#agenda.put(Math.max(trueTime, this.now), run);
  }

  /** One event; false: there is none before `until`. */
  advance(until: number): boolean {
    if (this.#agenda.nextAt > until) {
      this.now = until;
      return false;
    }
    const due = this.#agenda.take();
    if (due === undefined) return false;
    this.now = due.at;
    due.run();
    return true;
  }

  runUntil(time: number): void {
    while (this.advance(time));
  }

  observe(observation: Observation): void {
    this.onObservation(observation);
  }

  announce(host: string, set: SetName, why: 'claimed' | 'again' | 'repeat'): void {
    this.neighbours.set(set, host);
    this.onObservation({ kind: 'announced', host, set, why });
    for (const { name, guard, linkUp } of this.hosts.values()) if (name !== host && linkUp) guard?.hear(set, host);
  }

  ask(asker: string, set: SetName): readonly string[] {
    const { loss } = this.weather;
    return this.answerersOf(set, asker).filter(() => !this.#probeDice.chance(loss) && !this.#probeDice.chance(loss));
  }

  transmit(from: string, to: string | null, frame: Frame, path: number): void {
    if (to !== null) this.#send(from, to, frame, path);
    else for (const other of this.hosts.keys()) this.#send(from, other, frame, path);
  }

  apply(fault: Fault): void {
    this.lastFaultAt = this.now;
    this.onObservation({ kind: 'fault', fault });
    switch (fault.kind) {
      case 'start':
        this.host(fault.host).start();
        return;
      case 'power-off':
        this.host(fault.host).powerOff();
        return;
      case 'kill':
        this.host(fault.host).kill(fault.guard);
        return;
      case 'lose-engine':
        this.#loseEngine(this.host(fault.host), fault.ms);
        return;
      case 'leave':
        this.#tell(fault.host, (agent) => agent.occur({ kind: 'leave' }));
        return;
      case 'pause': {
        const host = this.host(fault.host);
        host.pause(fault.clock);
        this.#later(fault.ms, () => host.resume());
        return;
      }
      case 'cut':
        this.#cuts.add(`${fault.from}>${fault.to}`);
        return;
      case 'block':
        this.#blocked.add(fault.host);
        return;
      case 'filter':
        this.#filtered.add(`${fault.from}>${fault.to}`);
        return;
      case 'split':
        this.#split(fault.sides);
        return;
      case 'heal':
        this.#cuts.clear();
        this.#blocked.clear();
        this.#filtered.clear();
        return;
      case 'weather':
        this.weather = fault.weather;
        return;
      case 'lose-path':
        this.#losePath(fault.host, fault.path, 1);
        this.#later(fault.ms, () => this.#losePath(fault.host, fault.path, -1));
        return;
      case 'lose-witness':
        count(this.#withoutWitness, fault.host, 1);
        this.#later(fault.ms, () => count(this.#withoutWitness, fault.host, -1));
        return;
      case 'configure': {
        const host = this.host(fault.host);
        host.pool = poolInFull(fault.pool);
        this.#sets = [...new Set([...this.#sets, ...fault.pool.sets.map(({ name }) => name)])];
        this.#tell(fault.host, (agent) => agent.readPool());
        return;
      }
      case 'link-down':
        this.#setLink(fault.host, false);
        this.#later(fault.ms, () => this.#setLink(fault.host, true));
        return;
      case 'refuse-claims': {
        const { refusedSets } = this.host(fault.host);
        refusedSets.add(fault.set as SetName); // of the world's pool
        this.#later(fault.ms, () => refusedSets.delete(fault.set as SetName)); // of the world's pool
        return;
      }
      case 'command':
        this.#tell(fault.host, (agent) =>
          agent.occur({ kind: 'command', id: this.dice.below(2 ** 30), command: fault.command }),
        );
    }
  }

  /** Whether the address that must answer would answer it, but for a lost frame. */
  reachesWitness(host: string): boolean {
    if (this.#withoutWitness.has(host) || !this.host(host).linkUp) return false;
    return !this.isCut(host, witnessNode) && !this.isCut(witnessNode, host);
  }

  askWitness(from: string): boolean {
    const { loss } = this.weather;
    return this.reachesWitness(from) && !this.#witnessDice.chance(loss) && !this.#witnessDice.chance(loss);
  }

  /** Another host that says that it has the set, but for a lost frame. */
  answererOf(set: SetName, asker: string): string | null {
    return this.answerersOf(set, asker)[0] ?? null;
  }

  /** Whether frames of the group get there. */
  carries(from: string, to: string): boolean {
    return !this.isCut(from, to) && !this.#isFiltered(from, to);
  }

  /** As `carries`, on a path that both have. */
  reaches(from: string, to: string): boolean {
    if (!this.carries(from, to)) return false;
    for (let path = 0; path < this.paths; path += 1)
      if (!this.#isLost(from, path) && !this.#isLost(to, path)) return true;
    return false;
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  #isFiltered(from: string, to: string): boolean {
    if (this.#blocked.size > 0 && (this.#blocked.has(from) || this.#blocked.has(to))) return true;
    return this.#filtered.size > 0 && this.#filtered.has(`${from}>${to}`);
  }

  /** Filters drop frames of the group, not questions for an address. */
  answerersOf(set: SetName, asker: string): readonly string[] {
    if (!this.host(asker).linkUp) return [];
    const answerers: string[] = [];
    for (const host of this.hosts.values()) {
      const { name } = host;
      if (name === asker || !host.answers(set) || this.isCut(asker, name) || this.isCut(name, asker)) continue;
      answerers.push(name);
    }
    return answerers;
  }

  #tell(host: string, tell: (agent: Agent) => void): void {
    const { agent } = this.host(host);
    if (agent !== null) this.host(host).whenRunning(() => tell(agent));
  }

  /** The end of something is a change as well. */
  #later(ms: number, end: () => void): void {
    this.at(this.now + ms, () => {
      this.lastFaultAt = this.now;
      end();
    });
  }

  #loseEngine(host: Host, ms: number): void {
    const { agent } = host;
    if (agent === null || agent.engine === null) return;
    host.whenRunning(() => agent.loseEngine());
    this.#later(ms, () => {
      if (host.agent !== agent) return;
      host.kill('dead');
      host.start();
    });
  }

  #setLink(name: string, up: boolean): void {
    const host = this.host(name);
    host.linkUp = up;
    const { agent } = host;
    if (agent !== null) host.whenRunning(() => agent.linkChanged());
  }

  #losePath(host: string, path: number, more: 1 | -1): void {
    count(this.#lostPaths, `${host}/${path}`, more);
  }

  #isLost(host: string, path: number): boolean {
    return this.#lostPaths.size > 0 && this.#lostPaths.has(`${host}/${path}`);
  }

  #split(sides: readonly (readonly string[])[]): void {
    for (const side of sides) {
      for (const other of sides) {
        if (other === side) continue;
        for (const from of side) for (const to of other) this.#cuts.add(`${from}>${to}`);
      }
    }
  }

  #send(from: string, to: string, frame: Frame, path: number): void {
    if (frame.kind === 'datagram') this.datagramsSent += 1;
    if (from === to || (this.#cuts.size > 0 && this.isCut(from, to))) return;
    if (this.#isFiltered(from, to)) return;
    if (this.#isLost(from, path) || this.#isLost(to, path)) return;
    const { loss, duplication, delayMsMin, delayMsMax } = this.weather;
    const copies = this.dice.chance(duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.dice.chance(loss)) continue;
      if (frame.kind === 'datagram') this.datagramsUnderWay += 1;
      this.#agenda.put(this.now + this.dice.between(delayMsMin, delayMsMax), () => this.#arrive(from, to, frame, path));
    }
  }

  #arrive(from: string, to: string, frame: Frame, path: number): void {
    if (frame.kind === 'datagram') this.datagramsUnderWay -= 1;
    const host = this.host(to);
    const { agent } = host;
    if (agent === null) return;
    if (host.paused === null) agent.receive(from, frame, path);
    else host.whenReachable(() => agent.receive(from, frame, path));
  }
}

/** How many faults keep it so; at none it is forgotten. */
function count(faults: Map<string, number>, key: string, more: 1 | -1): void {
  const left = (faults.get(key) ?? 0) + more;
  if (left === 0) faults.delete(key);
  else faults.set(key, left);
}
