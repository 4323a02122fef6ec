/**
 * What outlives an agent that was killed (docs/guard.md): it tells the group, keeps what is in the kernel, and removes each set
 * once it hears another host announce it; under a majority also when its time is over.
 */
import { incarnationOf } from '../../agent/membership/identity.ts';
import type { InstantMs, MemberId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { fenceMs } from '../../agent/ownership/quorum.ts';
import type { Host } from './host.ts';

/** For what is on its way to the host that had it. */
const inFlightMs = 20;
const obituariesAtMs = [0, 1, 3, 10];

export class Guard {
  readonly #host: Host;
  #ended = false;

  /** Under a majority: when it removes what is left; null: never. */
  readonly until: InstantMs | null;

  /**
   * @param lastSign of the agent, on the clock of its host
   * @param adoptedUntil of an agent that no view came for: the fence of the guard before this one
   */
  constructor(host: Host, dead: MemberId, lastSign: InstantMs, adoptedUntil: InstantMs | null) {
    this.#host = host;
    const { heartbeatMs, detectMs } = host.options;
    const ownUntil = (lastSign + fenceMs(heartbeatMs, detectMs)) as InstantMs; // later on the same clock
    this.until = host.pool.majority === undefined ? null : (adoptedUntil ?? ownUntil);
    const { localNow, world, name } = host;
    for (const atMs of obituariesAtMs) {
      host.timer(localNow + 1 + atMs, () => {
        for (let path = 0; path < world.paths; path += 1) {
          world.transmit(name, null, { kind: 'obituary', from: incarnationOf(dead) }, path);
        }
      });
    }
    this.#renew();
    if (this.until !== null) this.#fence(this.until);
  }

  /** Another host has announced it. */
  hear(set: SetName, from: string): void {
    const host = this.#host;
    if (!host.has(set)) return;
    // Without a majority each side of a cut serves: there it is enough that the cut heals.
    if (host.pool.majority !== undefined && host.world.isCut(from, host.name)) return;
    host.timer(host.localNow + inFlightMs, () => {
      if (!this.#ended) host.remove(set, 'yielded');
    });
  }

  /** What is there is the next agent's, until then. */
  end(): { readonly held: readonly SetName[]; readonly until: InstantMs | null } {
    this.#ended = true;
    return { held: this.#host.held, until: this.until };
  }

  #fence(until: InstantMs): void {
    const host = this.#host;
    host.timer(until, () => {
      if (this.#ended) return;
      for (const set of host.held) host.remove(set, 'fenced');
    });
  }

  #renew(): void {
    const host = this.#host;
    host.timer(host.localNow + host.options.lifetimeMs / 3, () => {
      if (this.#ended) return;
      host.renew();
      this.#renew();
    });
  }
}
