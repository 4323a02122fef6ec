/** Announces the sets this host owns, for as long as it owns them: the schedule, a clock and a socket put together. */
import { type AnnouncedAddress, type AnnouncingLink, announcementOf } from './announcement.ts';
import { AnnouncementSchedule } from './announcement-schedule.ts';
import type { Clock } from './clock.ts';

export type PlacedAnnouncement = AnnouncedAddress & { readonly link: AnnouncingLink };

export type AnnouncerOptions = {
  readonly clock: Clock;
  /** Null, or why not. It is tried again in the next round. */
  readonly send: (link: AnnouncingLink, frame: Uint8Array, operation: string) => Error | null;
  readonly onFailure: (error: Error) => void;
  /** Per interface, default 2,000: 1,000 addresses within half a second, and far from filling any link. */
  readonly framesPerSecond?: number;
};

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #schedule: AnnouncementSchedule<AnnouncingLink>;
  #cancel: (() => void) | null = null;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#schedule = new AnnouncementSchedule({
      framesPerSecond: options.framesPerSecond ?? 2000,
      random: Math.random,
    });
  }

  /** The first frames go out before it returns, as far as the rate allows. A set that is announced already begins anew. */
  start(set: string, addresses: readonly PlacedAnnouncement[]): void {
    const scheduled = addresses.map((address) => ({
      link: address.link,
      interfaceIndex: address.link.index,
      ...announcementOf(address.link, address),
    }));
    this.#schedule.start(set, scheduled, this.#options.clock.now());
    this.#run();
  }

  /** From the first round again: after a link came back, after a merge. Nothing for a set that is not announced. */
  restart(set: string): void {
    this.#schedule.restart(set, this.#options.clock.now());
    this.#run();
  }

  /** No frame of it is sent after this returned. */
  stop(set: string): void {
    this.#schedule.stop(set);
    this.#arm();
  }

  /** Stops everything. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #run(): void {
    for (const { link, frame } of this.#schedule.due(this.#options.clock.now())) {
      const error = this.#options.send(link, frame, 'announce');
      if (error !== null) this.#options.onFailure(error);
    }
    this.#arm();
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = null;
    const wakeup = this.#schedule.nextWakeup();
    if (wakeup === null) return;
    const delayMs = Math.max(0, wakeup - this.#options.clock.now());
    this.#cancel = this.#options.clock.after(delayMs, () => this.#run());
  }
}
