/**
 * `holdfast restart --hold`: the group is told, the guard promises to keep the addresses, the agent ends without a word. To the others it
 * is then a silent host that answers, which nobody takes over from (`takeover = "answered"`); if it stops answering they do, at
 * once, and if no agent comes in time the guard tells them that it is dead.
 */
import type { Channel } from './channel/channel.ts';
import type { Config } from './config/config.ts';
import type { RestartReply } from './control/protocol.ts';
import type { Journal } from './journal.ts';
import { hostOf, type MemberId } from './membership/view.ts';
import type { OwnershipState } from './ownership/state.ts';
import type { Guard } from './system/guard.ts';
import { encodeRestart, type RestartMessage } from './wire/restart-message.ts';

export type RestartOptions = {
  readonly channel: Pick<Channel, 'self' | 'send'>;
  readonly guard: Pick<Guard, 'keep'>;
  readonly journal: Journal;
  readonly ownership: () => OwnershipState;
  /** A member is about to be gone for a restart: no departure without a word. */
  readonly onRestarting: (member: MemberId) => void;
  /** Whether this host's guard can tell our addresses from others. */
  readonly guarded: boolean;
};

/** Somebody who has not heard it within this would not have heard it at all. */
const heardMs = 1_000;

export class Restart {
  readonly #options: RestartOptions;
  #waiting: { readonly left: Set<MemberId>; readonly done: () => void } | null = null;

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  deliver(sender: MemberId, message: RestartMessage): void {
    const { channel, journal } = this.#options;
    if (message.kind === 'restart-heard') this.#heard(sender);
    else if (sender !== channel.self) {
      channel.send(encodeRestart({ kind: 'restart-heard' }));
      this.#options.onRestarting(sender);
      journal.tell(
        `${hostOf(sender)} restarts its agent: what it holds stays there, for up to ${message.keepMs / 1000} s`,
      );
    }
  }

  /** The agent is to end when this is ok. */
  async prepare(
    config: Config,
    keepMs: number,
  ): Promise<RestartReply | { readonly ok: false; readonly error: string }> {
    const { view } = this.#options.ownership();
    const hindrance = this.#hindrance(config);
    if (hindrance !== null) return { ok: false, error: `Cannot hold: ${hindrance}` };
    const missing = await this.#tellAll(keepMs);
    if (missing.length > 0) {
      return { ok: false, error: `Cannot hold: ${missing.map(hostOf).join(' ')} did not acknowledge it; try again` };
    }
    const kept = await this.#options.guard.keep(keepMs);
    // What has changed since: from here to the end of the agent nothing is waited for.
    const changed = this.#options.ownership().view === view ? null : 'the group has just changed; try again';
    const late = kept ? (changed ?? this.#hindrance(config)) : 'the guard does not answer';
    if (late !== null) {
      void this.#options.guard.keep(0); // it may have heard, and answered late
      return { ok: false, error: `Cannot hold: ${late}` };
    }
    const sets = [...this.#options.ownership().holdings.keys()].sort();
    return { ok: true, kind: 'restart', pid: process.pid, sets };
  }

  #hindrance(config: Config): string | null {
    const { view, holdings, leavingUntil } = this.#options.ownership();
    const instead = 'systemctl restart holdfast hands the sets over instead';
    if (config.partition === 'majority')
      return `with partition = "majority" nothing may be kept without an agent that knows of a cut; ${instead}`;
    if (config.witnessAddresses.length > 0)
      return `with witness_addresses nothing may be kept without an agent that asks them; ${instead}`;
    if (!this.#options.guarded)
      return `this kernel does not mark addresses (Linux 5.18 does): the guard keeps none; ${instead}`;
    if (config.takeover === 'immediate') return `with takeover = "immediate" the others do not wait; ${instead}`;
    if (view === null || leavingUntil !== null) return 'this agent is leaving or has no group';
    const moving = [...holdings].filter(([, { phase }]) => phase !== 'held').map(([set]) => set);
    return moving.length === 0 ? null : `${moving.sort().join(' ')} is on its way; try again`;
  }

  /** @returns who did not acknowledge it */
  async #tellAll(keepMs: number): Promise<readonly MemberId[]> {
    const { channel, ownership } = this.#options;
    const left = new Set((ownership().view?.members ?? []).filter((member) => member !== channel.self));
    channel.send(encodeRestart({ kind: 'restarting', keepMs }));
    if (left.size > 0) {
      await new Promise<void>((done) => {
        this.#waiting = { left, done };
        setTimeout(done, heardMs).unref();
      });
    }
    this.#waiting = null;
    return [...left];
  }

  #heard(sender: MemberId): void {
    this.#waiting?.left.delete(sender);
    if (this.#waiting?.left.size === 0) this.#waiting.done();
  }
}
