/** Announces the sets this host owns, for as long as it owns them: the schedule, a clock and a socket put together. */
import type { Evidence } from '../membership/evidence.ts';
import type { InstantMs } from '../membership/view.ts';
import {
  type AnnouncedAddress,
  type AnnouncingLink,
  announcementOf,
  directedAnnouncement,
  type ToldHost,
} from './announcement.ts';
import { AnnouncementSchedule, type ScheduledAddress } from './announcement-schedule.ts';
import type { Clock } from './clock.ts';
import { EvidenceWait } from './evidence-wait.ts';
import type { PortRate } from './port-rate.ts';

export type PlacedAnnouncement = AnnouncedAddress & {
  readonly link: AnnouncingLink;
  /** Those to be told one by one; asked when their turn comes. */
  readonly audience?: () => readonly ToldHost[];
};

export type AnnouncerOptions = {
  readonly clock: Clock;
  /** Null, or why not. It is tried again in the next round. */
  readonly send: (link: AnnouncingLink, frame: Uint8Array, operation: string) => Error | null;
  readonly onFailure: (error: Error) => void;
  readonly rate: PortRate;
  /** What comes later than this after its time waits as long again: others may have taken over, and the group is heard by then. */
  readonly stallMs: number;
  /** Nothing is repeated without it. */
  readonly evidence: Evidence;
};

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #schedule: AnnouncementSchedule<AnnouncingLink>;
  #cancel: (() => void) | null = null;
  /** When the timer is to run. */
  #dueAt: number | null = null;
  /** After a stall it may run before anybody told this host that it stood still; who is told stops what it announces. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  /** A repeat is due. */
  #wait: EvidenceWait | null = null;
  #closed = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#schedule = new AnnouncementSchedule({
      rate: options.rate,
      random: Math.random,
    });
  }

  /** The first frames go out before it returns, as far as the rate allows; after a stall no others. A set that is announced already begins anew. */
  start(sets: ReadonlyMap<string, readonly PlacedAnnouncement[]>): void {
    if (this.#closed) return;
    const now = this.#look();
    const scheduled = new Map([...sets].map(([set, addresses]) => [set, addresses.map(schedulable)]));
    this.#schedule.start(scheduled, now);
    this.#run([...sets.keys()]);
  }

  /** One round more of a set that is announced; nothing of another. */
  once(set: string): void {
    if (this.#closed) return;
    this.#schedule.once(set, this.#look());
    this.#run();
  }

  /** Per interface, from now on. */
  changeRate(framesPerSecond: number): void {
    this.#look();
    this.#options.rate.change(framesPerSecond);
    this.#arm();
  }

  /** Whether it was started, and not stopped since. */
  announces(set: string): boolean {
    return this.#schedule.has(set);
  }

  /** No frame of them is sent after this returned. */
  stop(sets: readonly string[]): void {
    this.#look();
    this.#schedule.stop(sets);
    this.#arm();
  }

  /** Stops everything; what is started later is not announced. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  /** @returns now; from a stall that nobody saw yet on, nothing is sent for a while */
  #look(): number {
    const { clock, stallMs } = this.#options;
    const now = clock.now();
    if (this.#dueAt !== null && now - this.#dueAt > stallMs) this.#heldUntil = now + stallMs;
    return now;
  }

  /** @param started what is sent all the same */
  #run(started: readonly string[] = []): void {
    const now = this.#options.clock.now();
    for (const { link, frame } of this.#schedule.due(
      now,
      now < this.#heldUntil ? started : 'all',
      this.#mayRepeat(now),
    )) {
      const error = this.#options.send(link, frame, 'announce');
      if (error !== null) this.#options.onFailure(error);
    }
    this.#arm();
  }

  #mayRepeat(now: InstantMs): boolean {
    const { evidence, stallMs } = this.#options;
    if (!this.#schedule.repeats(now)) {
      this.#wait = null;
      return true;
    }
    this.#wait ??= new EvidenceWait(evidence, now + stallMs);
    if (!this.#wait.isOver(now)) return false;
    this.#wait = null;
    return true;
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#dueAt = null;
    const { clock } = this.#options;
    const now = clock.now();
    const look = this.#wait === null ? Number.POSITIVE_INFINITY : now + this.#wait.nextLookMs();
    const wakeup = Math.min(this.#schedule.nextWakeup(now, this.#wait === null) ?? Number.POSITIVE_INFINITY, look);
    if (wakeup === Number.POSITIVE_INFINITY || this.#closed) return;
    const dueAt = Math.max(wakeup, now, this.#heldUntil);
    this.#dueAt = dueAt;
    this.#cancel = clock.after(dueAt - now, () => {
      this.#look();
      this.#run();
    });
  }
}

function schedulable(address: PlacedAnnouncement): ScheduledAddress<AnnouncingLink> {
  return {
    link: address.link,
    interfaceIndex: address.link.index,
    ...announcementOf(address.link, address),
    directed: () => directedFrames(address),
  };
}

function* directedFrames(address: PlacedAnnouncement): Iterable<Uint8Array> {
  for (const host of address.audience?.() ?? []) yield directedAnnouncement(address.link, address, host);
}
