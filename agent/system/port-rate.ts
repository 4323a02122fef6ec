/**
 * How many frames of ARP and neighbour discovery may go out of each interface: announcements, and questions of every kind, because a
 * switch that inspects ARP counts them all and shuts the port (mostly at 15/s). A token bucket an interface. Part of it is a reserve
 * for what cannot wait: the first frame of an address that was just claimed, and the question whether a silent owner is still there.
 */

/**
 * What a timer that comes late may catch up with, so that a busy host keeps to the rate: at the default 600 frames, which a gigabit link
 * sends in 0.4 ms. Switches count over a second or more.
 */
const burstMs = 50;
/** With the rate of 10/s that is advised for them, a second has at most 14 frames. */
export const reserveFrames = 3;

/** Routine leaves the reserve to what is urgent. */
export type Urgency = 'urgent' | 'routine';

type Bucket = { tokens: number; countedAt: number };

export class PortRate {
  #framesPerSecond: number;
  /** By interface index. At most the interfaces that carry sets. */
  readonly #buckets = new Map<number, Bucket>();

  constructor(framesPerSecond: number) {
    this.#framesPerSecond = framesPerSecond;
  }

  change(framesPerSecond: number): void {
    this.#framesPerSecond = framesPerSecond;
  }

  get framesPerSecond(): number {
    return this.#framesPerSecond;
  }

  /** Frames that may go now. */
  allowed(interfaceIndex: number, now: number, urgency: Urgency): number {
    const { tokens } = this.#counted(interfaceIndex, now);
    // A timer may fire a hair before the last token is full.
    return Math.max(0, Math.floor(tokens - reserved(urgency) + 1e-6));
  }

  /** They went out. */
  take(interfaceIndex: number, now: number, frames: number): void {
    this.#counted(interfaceIndex, now).tokens -= frames;
  }

  /** In ms, until so many may go: 0 where they may now. */
  waitMs(interfaceIndex: number, now: number, frames: number, urgency: Urgency): number {
    const missing = frames + reserved(urgency) - this.#counted(interfaceIndex, now).tokens;
    return missing <= 1e-6 ? 0 : (missing * 1000) / this.#framesPerSecond;
  }

  get #capacity(): number {
    return Math.max(1, Math.floor((this.#framesPerSecond * burstMs) / 1000)) + reserveFrames;
  }

  #counted(interfaceIndex: number, now: number): Bucket {
    const bucket = this.#buckets.get(interfaceIndex) ?? { tokens: this.#capacity, countedAt: now };
    const earned = (Math.max(0, now - bucket.countedAt) * this.#framesPerSecond) / 1000;
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + earned);
    bucket.countedAt = Math.max(bucket.countedAt, now);
    this.#buckets.set(interfaceIndex, bucket);
    return bucket;
  }
}

function reserved(urgency: Urgency): number {
  return urgency === 'urgent' ? 0 : reserveFrames;
}
