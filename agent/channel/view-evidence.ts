/**
 * Answers to questions whether this host's view stands, as the engine's thread hears them and the main loop sees them: a word in shared
 * memory, since a message would wait behind others that came before a pause of the machine.
 */
import type { Evidence } from '../membership/evidence.ts';

export function createEvidenceMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** On the engine's thread. */
export class EvidenceWriter {
  readonly #word: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory);
  }

  note(question: number): void {
    Atomics.store(this.#word, 0, question);
  }
}

/** On the main loop. */
export class EvidenceReader implements Evidence {
  readonly #word: Int32Array;
  readonly #tell: (question: number) => void;
  #asked = 0;

  /** @param tell the engine's thread, what to ask */
  constructor(memory: SharedArrayBuffer, tell: (question: number) => void) {
    this.#word = new Int32Array(memory);
    this.#tell = tell;
  }

  ask(): number {
    this.#asked = (this.#asked + 1) & 0x7f_ff_ff_ff; // at one a second it begins anew after 68 years
    this.#tell(this.#asked);
    return this.#asked;
  }

  isAnswered(question: number): boolean {
    return Atomics.load(this.#word, 0) >= question;
  }
}
