/**
 * Whether a witness address answers (`witness_addresses`), asked all the time: seldom at rest, round after round from the first miss on
 * until it is known.
 */
import type { WitnessWord } from './ownership/isolation.ts';
import { noWitnessYet, tallied, witnessPeriodMs, witnessRoundMs } from './ownership/witness-tally.ts';
import type { Clock } from './system/clock.ts';

export type WitnessWatchOptions = {
  readonly clock: Clock;
  /** Patience of the group. */
  readonly detectMs: number;
  /** Whether any of them answers; by the end of the time at the latest. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  readonly onChange: (word: WitnessWord) => void;
};

export class WitnessWatch {
  readonly #options: WitnessWatchOptions;
  readonly #roundMs: number;
  #tally = noWitnessYet;
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
    if (this.#cancel === null || this.#closed || this.#tally.word === 'silent') return;
    this.#cancel();
    void this.#round();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    const { clock, ask, onChange } = this.#options;
    this.#cancel = null;
    const begun = clock.now();
    const answered = await ask(this.#roundMs);
    if (this.#closed) return;
    const before = this.#tally.word;
    this.#tally = tallied(this.#tally, answered);
    if (this.#tally.word !== before) onChange(this.#tally.word);
    if (this.#closed) return;
    const periodMs = witnessPeriodMs(this.#tally, this.#roundMs);
    this.#cancel = clock.after(Math.max(0, periodMs - (clock.now() - begun)), () => void this.#round());
  }
}
