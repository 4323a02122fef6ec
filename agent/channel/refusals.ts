/** Frames refused, counted by named reason, with the newest sender of each. */
import type { BodyRefusal } from '../wire/frame-body.ts';
import type { FrameRefusal } from './unseal.ts';

/** `wrong-sender`: a heartbeat in the name of another than who sealed it. */
export type RefusalReason = FrameRefusal | BodyRefusal | 'wrong-sender';

export class Refusals {
  readonly #counts = new Map<RefusalReason, number>();
  readonly #newest = new Map<RefusalReason, string>();

  count(reason: RefusalReason, address: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#newest.set(reason, address);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  newestSenders(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#newest);
  }
}
