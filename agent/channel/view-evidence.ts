/**
 * That this host's view stands, as the engine's thread hears it and the main loop sees it: a word in shared memory, since a message would
 * wait behind others that came before a pause of the machine.
 */
import { type Evidence, nobodyElse } from '../membership/evidence.ts';

export function createEvidenceMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** On the engine's thread. */
export class EvidenceWriter {
  readonly #word: Int32Array;
  #count = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory);
  }

  /** @param isAlone in a view without others */
  note(isAlone: boolean): void {
    this.#count = (this.#count + 1) & 0x7f_ff_ff_ff;
    Atomics.store(this.#word, 0, isAlone ? nobodyElse : this.#count);
  }
}

/** On the main loop. */
export function evidenceReader(memory: SharedArrayBuffer): Evidence {
  const word = new Int32Array(memory);
  return () => Atomics.load(word, 0);
}
