/**
 * What outlives an agent that was killed (docs/guard.md): it tells the group, keeps what is in the kernel, and removes each set
 * once it hears another host announce it.
 */
import { incarnationOf } from '../../agent/membership/identity.ts';
import type { MemberId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Host } from './host.ts';

/** For what is on its way to the host that had it. */
const inFlightMs = 20;
const obituariesAtMs = [0, 1, 3, 10];

export class Guard {
  readonly #host: Host;
  #ended = false;

  constructor(host: Host, dead: MemberId) {
    this.#host = host;
    const { localNow, world, name } = host;
    for (const atMs of obituariesAtMs) {
      host.timer(localNow + 1 + atMs, () => {
        for (let path = 0; path < world.paths; path += 1) {
          world.transmit(name, null, { kind: 'obituary', from: incarnationOf(dead) }, path);
        }
      });
    }
    this.#renew();
  }

  /** Another host has announced it. */
  hear(set: SetName): void {
    const host = this.#host;
    if (!host.has(set)) return;
    host.timer(host.localNow + inFlightMs, () => {
      if (!this.#ended) host.remove(set, 'yielded');
    });
  }

  /** What is there is the next agent's. */
  end(): readonly SetName[] {
    this.#ended = true;
    return this.#host.held;
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
