/**
 * Promise 5: under a majority no two holders over all concurrent views, beyond δ: the delay of the side that goes on, by which the
 * other may be late; only what a cut interrupts, a handover, is held on both sides for so long. Of a host that stands still it counts from when its agent
 * runs again. Where an agent is dead its guard lets go soon after another has it, unheard of or not.
 */
import { compareViewIds } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import { claimDelayMs } from '../../../agent/ownership/quorum.ts';
import type { Agent } from '../agent.ts';
import { Breach } from '../breach.ts';
import { isMinority } from '../eligible.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** What the others may take to have it. */
const takeoverMs = 150;

export class OneSide implements Check {
  readonly name = 'majority';
  exercised = 0;
  /** Machines and processes that stood still, and agents that were started: when they went on. */
  readonly #resumed = new Map<string, number>();
  /** Hosts whose agent was killed while it ran, and when. */
  readonly #killed = new Map<string, number>();
  /** `host set`: since when somebody else has what a guard keeps. */
  readonly #kept = new Map<string, number>();
  /** Since when agents of two views hold it. */
  readonly #overlaps = new Map<SetName, number>();

  observe(observation: Observation, world: World): void {
    if (world.options.pool.majority === undefined) return;
    switch (observation.kind) {
      case 'added':
        this.#added(observation, world);
        this.#look(world);
        return;
      case 'stepped':
        if (observation.before.view !== observation.after.view) this.#look(world);
        return;
      case 'resumed':
        this.#resumed.set(observation.host, world.now);
        this.#killed.delete(observation.host);
        this.#look(world);
        return;
      case 'ended':
        if (world.host(observation.host).paused === null) this.#killed.set(observation.host, world.now);
        this.#look(world);
        return;
      case 'started':
        this.#killed.delete(observation.host);
        this.#resumed.set(observation.host, world.now); // what its guard kept it keeps until its first view
        return;
      case 'removed':
      case 'announced':
        this.#look(world);
        return;
      default:
    }
  }

  atRest(_views: readonly Settled[], world: World): void {
    if (world.options.pool.majority !== undefined) this.#look(world);
  }

  /** By then every other side has asked its kernel to let go. */
  #added({ host, set }: Observation & { kind: 'added' }, world: World): void {
    const agents = world.agents();
    if (viewsOf(agents) > 1) this.exercised += 1;
    const claimer = agents.find((agent) => agent.host.name === host);
    const members = claimer?.ownership.view?.members ?? [];
    // What was under way when a side became a minority comes to its kernel, and goes again at once.
    if (claimer === undefined || isMinority(members.length, claimer.ownership.pool) || this.#isJustTold(host, world))
      return;
    for (const agent of agents) {
      if (members.includes(agent.member) || agent.host.paused !== null || !agent.host.has(set)) continue;
      const { name } = agent.host;
      if (this.#isJustTold(name, world) || agent.ownership.holdings.get(set)?.phase === 'releasing') continue;
      throw new Breach(this.name, `${host} claims ${set}, which ${name} has in another view and does not let go of`);
    }
  }

  /** It stood still or was not there, and is told what happened meanwhile. */
  #isJustTold(host: string, world: World): boolean {
    const resumedAt = this.#resumed.get(host);
    return resumedAt !== undefined && world.now - resumedAt < 2 * world.options.detectMs;
  }

  #look(world: World): void {
    this.#lookAtGuards(world);
    for (const { name } of world.options.pool.sets) {
      const holders = world.agents().filter(({ host }) => host.paused === null && host.has(name));
      const since = this.#overlaps.get(name);
      if (since !== undefined && world.now - since > claimDelayMs(world.options.heartbeatMs)) {
        const names = holders.map(({ host }) => host.name).join(' and ');
        throw new Breach(this.name, `${names} hold ${name} in two views for ${Math.round(world.now - since)} ms`);
      }
      if (viewsOf(holders) < 2) this.#overlaps.delete(name);
      else if (since === undefined) this.#overlaps.set(name, world.now);
    }
  }

  #lookAtGuards(world: World): void {
    const { heartbeatMs, detectMs } = world.options;
    for (const { name, guard, held, paused } of world.hosts.values()) {
      if (guard === null || paused !== null) continue; // it stands still with all that runs there
      const killedAt = this.#killed.get(name);
      if (killedAt === undefined) continue;
      for (const set of held) {
        const key = `${name} ${set}`;
        const other = world.agents().find(({ host }) => host.name !== name && host.paused === null && host.has(set));
        const since = this.#kept.get(key);
        if (other === undefined) this.#kept.delete(key);
        else if (since === undefined) this.#kept.set(key, world.now);
        else if (world.now - Math.max(since, killedAt) > keptMsMax(heartbeatMs, detectMs)) {
          throw new Breach(this.name, `the guard of ${name} keeps ${set}, which ${other.host.name} has`);
        }
      }
    }
  }
}

/** As docs/decisions/ownership.md has it, for a cut that came before the death and was not noticed; clocks may differ by a tenth. */
function keptMsMax(heartbeatMs: number, detectMs: number): number {
  return 1.1 * (heartbeatMs + takeoverMs + detectMs);
}

function viewsOf(agents: readonly Agent[]): number {
  const [first] = agents;
  return first !== undefined && agents.some((agent) => !sameView(agent, first)) ? 2 : agents.length === 0 ? 0 : 1;
}

function sameView({ ownership: a }: Agent, { ownership: b }: Agent): boolean {
  return a.view !== null && b.view !== null && compareViewIds(a.view.id, b.view.id) === 0;
}
