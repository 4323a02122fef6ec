/**
 * Whether a witness address answers (`witness_addresses`), asked all the time: seldom at rest, round after round from the first miss on
 * until it is known. It takes several misses to lose it and more answers to win it back, so that one that comes and goes moves nothing.
 */
import type { WitnessWord } from './ownership/isolation.ts';
import type { Clock } from './system/clock.ts';

export type WitnessWatchOptions = {
  readonly clock: Clock;
  /** Patience of the group. */
  readonly detectMs: number;
  /** Whether any of them answers; by the end of the time at the latest. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  readonly onChange: (word: WitnessWord) => void;
};

/** Each is a round of up to three frames. */
const missesToLose = 2;
/** A second apart; the first word after the start needs one. */
const answersToWin = 3;
const restMs = 1000;
/** A router under load answers ARP late, and switches that inspect it shut a port at 15 frames a second by default. */
const roundMsMin = 200;

/** One round; after `missesToLose` of them from the moment that a host is alone, it knows. */
export function witnessRoundMs(detectMs: number): number {
  return Math.min(restMs, Math.max(roundMsMin, detectMs));
}

export class WitnessWatch {
  readonly #options: WitnessWatchOptions;
  readonly #roundMs: number;
  #word: WitnessWord = 'unknown';
  #misses = 0;
  #answers = 0;
  /** Ends the wait for the next round; null: one is under way. */
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(options: WitnessWatchOptions) {
    this.#options = options;
    this.#roundMs = witnessRoundMs(options.detectMs);
    void this.#round();
  }

  /** This host is alone now: it matters. */
  hurry(): void {
    if (this.#cancel === null || this.#closed || this.#word === 'silent') return;
    this.#cancel();
    void this.#round();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    const { clock, ask } = this.#options;
    this.#cancel = null;
    const begun = clock.now();
    const answered = await ask(this.#roundMs);
    if (this.#closed) return;
    this.#misses = answered ? 0 : this.#misses + 1;
    this.#answers = answered ? this.#answers + 1 : 0;
    this.#judge();
    if (this.#closed) return;
    const periodMs = this.#misses > 0 && this.#word !== 'silent' ? this.#roundMs : restMs;
    this.#cancel = clock.after(Math.max(0, periodMs - (clock.now() - begun)), () => void this.#round());
  }

  #judge(): void {
    const before = this.#word;
    if (this.#misses >= missesToLose) this.#word = 'silent';
    else if (this.#answers >= (before === 'unknown' ? 1 : answersToWin)) this.#word = 'answers';
    if (this.#word !== before) this.#options.onChange(this.#word);
  }
}
