/** What was refused, counted by named reason, with the newest sender of each. */
import type { BodyRefusal } from '../wire/frame-body.ts';
import type { FrameRefusal } from './unseal.ts';

export type RefusalReason =
  | FrameRefusal
  | BodyRefusal
  /** A heartbeat in the name of another than who sealed it. */
  | 'wrong-sender'
  /** To another run than this one, as a recording of what was sent to the one before is. */
  | 'other-run'
  /** On a link: malformed, or of a kind that a later version has. */
  | 'unknown-message';

export class Refusals<Reason extends string> {
  readonly #counts = new Map<Reason, number>();
  readonly #newest = new Map<Reason, string>();

  count(reason: Reason, from: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#newest.set(reason, from);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  newestSenders(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#newest);
  }
}
