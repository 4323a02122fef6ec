/** Promise 10: queues, tables and retries are bounded; at rest nothing is sent but heartbeats and refreshes. */
import { membersMax, outboxMessagesMax, peersMax } from '../../../agent/membership/bounds.ts';
import type { MemberState } from '../../../agent/membership/member-state.ts';
import { claimRetryMs, type OwnershipState } from '../../../agent/ownership/state.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** Commands that are asked for at once in a simulated world are few. */
const commandsMax = 64;

export class Bounded implements Check {
  readonly name = 'bounded';
  exercised = 0;
  /** `host set`: when the kernel refused it last. */
  readonly #refused = new Map<string, number>();
  /** At rest since then, with so much sent. */
  #rest: { readonly since: number; readonly sent: number } | null = null;

  observe(observation: Observation, world: World): void {
    if (observation.kind === 'fault' || observation.kind === 'resumed') this.#rest = null;
    if (observation.kind === 'claim-refused') this.#refused.set(`${observation.host} ${observation.set}`, world.now);
    if (observation.kind === 'started') this.#refused.clear();
    if (observation.kind === 'stepped') this.#retries(observation, world);
    if (observation.kind === 'installed' || observation.kind === 'stepped') {
      if (this.#rest !== null && changes(observation)) {
        const what = observation.kind === 'installed' ? 'a view' : observation.event.kind;
        throw new Breach(this.name, `${observation.host} was at rest, and then there is ${what}`);
      }
      const { agent } = world.host(observation.host);
      if (agent?.engine) this.#engine(agent.engine);
      if (agent) this.#ownership(agent.ownership, world.sets.length);
    }
  }

  atRest(_views: readonly Settled[], world: World): void {
    if (world.weather.loss === 0 && world.lastFaultAt < world.now - 1.3 * world.options.detectMs) {
      if (this.#rest !== null) {
        this.exercised += 1;
        if (world.datagramsSent > this.#rest.sent) {
          throw new Breach(this.name, `${world.datagramsSent - this.#rest.sent} datagrams were sent at rest`);
        }
      }
    }
  }

  /** From now on nothing is to happen. */
  expectRest(world: World): void {
    this.#rest = { since: world.now, sent: world.datagramsSent };
  }

  #retries({ host, effects }: Observation & { kind: 'stepped' }, world: World): void {
    if (this.#refused.size === 0) return;
    for (const effect of effects) {
      for (const set of effect.kind === 'claim' ? effect.sets : []) {
        const refusedAt = this.#refused.get(`${host} ${set}`) ?? Number.NEGATIVE_INFINITY;
        if (world.now - refusedAt > claimRetryMs / 2) continue;
        throw new Breach(
          this.name,
          `${host} tries ${set} again ${Math.round(world.now - refusedAt)} ms after a refusal`,
        );
      }
    }
  }

  #engine({ peers, early, delivery, view }: MemberState): void {
    const inBounds =
      peers.length <= peersMax &&
      (view?.members.length ?? 0) <= membersMax &&
      delivery.outbox.length <= outboxMessagesMax &&
      early.length <= outboxMessagesMax;
    if (!inBounds) throw new Breach(this.name, 'a queue or table of the engine has no bound');
  }

  /** @param sets in all files together */
  #ownership({ reports, assignments, holdings, asked, pending, view, failed }: OwnershipState, sets: number): void {
    const inBounds =
      reports.size <= (view?.members.length ?? 0) &&
      assignments.size <= sets &&
      holdings.size <= sets &&
      failed.size <= sets &&
      asked.length <= commandsMax &&
      pending.length <= commandsMax;
    if (!inBounds) throw new Breach(this.name, 'a queue or table of ownership has no bound');
  }
}

/** A deadline that passes without consequence is none. */
function changes(observation: Observation & { kind: 'installed' | 'stepped' }): boolean {
  return observation.kind === 'installed' || observation.effects.length > 0;
}
