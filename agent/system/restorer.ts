/**
 * When addresses that something else removed are put back: soon, many together, and at a bounded rate for each. Not in the same
 * instant: `ip addr flush` looks again and again until nothing is left, and would take what comes back too early.
 */
import type { Clock } from './clock.ts';

export type RestorerOptions<Address> = {
  readonly clock: Clock;
  /** It is time; who still wants them is the caller's to know. */
  readonly restore: (addresses: readonly Address[]) => void;
};

/** After the last removal: whoever removes many has come to the end. A round of `ip addr flush` takes 1 to 2 ms. */
export const quietMs = 10;
/** After the first removal, however many follow. */
export const waitMsMax = 50;
/** In a row for one address, then one every `restoreIntervalMs`. */
export const restoresInARowMax = 5;
export const restoreIntervalMs = 2_000;

type Entry = { tokens: number; countedAt: number; dueAt: number | null };

export class Restorer<Address> {
  readonly #options: RestorerOptions<Address>;
  /** At most one an address of the pool: the caller forgets what it gives up. */
  readonly #entries = new Map<Address, Entry>();
  /** The removals that are waited out together. */
  #batch: { readonly endsAt: number; quietAt: number; readonly addresses: Set<Address> } | null = null;
  #cancel: () => void = () => {};

  constructor(options: RestorerOptions<Address>) {
    this.#options = options;
  }

  missing(address: Address): void {
    const now = this.#options.clock.now();
    const entry = this.#entryOf(address, now);
    if (entry.dueAt !== null || this.#batch?.addresses.has(address) === true) return;
    if (entry.tokens >= 1) {
      entry.tokens -= 1;
      this.#batch ??= { endsAt: now + waitMsMax, quietAt: now, addresses: new Set() };
      this.#batch.quietAt = now + quietMs;
      this.#batch.addresses.add(address);
    } else {
      entry.dueAt = now + (1 - entry.tokens) * restoreIntervalMs;
      entry.tokens -= 1;
    }
    this.#arm();
  }

  /** Whether it was put back so often that its turn has to be waited for. */
  isExhausted(address: Address): boolean {
    const entry = this.#entries.get(address);
    return entry !== undefined && this.#tokens(entry, this.#options.clock.now()) < 1;
  }

  /** Given up: it is not put back any more. */
  forget(address: Address): void {
    this.#entries.delete(address);
    this.#batch?.addresses.delete(address);
  }

  close(): void {
    this.#cancel();
    this.#entries.clear();
    this.#batch = null;
  }

  #entryOf(address: Address, now: number): Entry {
    const entry = this.#entries.get(address) ?? { tokens: restoresInARowMax, countedAt: now, dueAt: null };
    entry.tokens = this.#tokens(entry, now);
    entry.countedAt = now;
    this.#entries.set(address, entry);
    return entry;
  }

  #tokens(entry: Entry, now: number): number {
    return Math.min(restoresInARowMax, entry.tokens + (now - entry.countedAt) / restoreIntervalMs);
  }

  #arm(): void {
    this.#cancel();
    const instants = [...this.#entries.values()].flatMap(({ dueAt }) => (dueAt === null ? [] : [dueAt]));
    if (this.#batch !== null) instants.push(Math.min(this.#batch.quietAt, this.#batch.endsAt));
    if (instants.length === 0) return;
    const at = instants.reduce((a, b) => Math.min(a, b));
    this.#cancel = this.#options.clock.after(Math.max(0, at - this.#options.clock.now()), () => this.#run());
  }

  #run(): void {
    const now = this.#options.clock.now();
    const due: Address[] = [];
    if (this.#batch !== null && Math.min(this.#batch.quietAt, this.#batch.endsAt) <= now + timerSlackMs) {
      due.push(...this.#batch.addresses);
      this.#batch = null;
    }
    for (const [address, entry] of this.#entries) {
      if (entry.dueAt === null || entry.dueAt > now + timerSlackMs) continue;
      entry.dueAt = null;
      due.push(address);
    }
    this.#arm();
    if (due.length > 0) this.#options.restore(due);
  }
}

/** A timer may fire a hair early. */
const timerSlackMs = 1;
