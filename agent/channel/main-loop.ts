/**
 * Whether the main loop runs, as its thread's neighbour sees it. The loop counts in shared memory, the engine's thread looks. Words
 * in memory and not messages: a loop that comes back must find the news before everything that waited for it.
 */

/** Words of the shared memory. */
const beatsAt = 0;
const suspensionsAt = 1;
const words = 2;

/** How often the loop counts, and is looked at, within the time it may hang. */
const looksPerHang = 5;

export function createMainLoopMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
}

/** On the main loop. */
export class MainLoopBeat {
  readonly #words: Int32Array;
  readonly #timer: NodeJS.Timeout;
  #suspensionsSeen = 0;

  /** @param onBeat called at every beat, before anything else of it */
  constructor(memory: SharedArrayBuffer, hangMs: number, onBeat: () => void) {
    this.#words = new Int32Array(memory);
    this.#timer = setInterval(() => {
      onBeat();
      Atomics.add(this.#words, beatsAt, 1);
    }, hangMs / looksPerHang);
    this.#timer.unref(); // it keeps no process alive
  }

  /** True once after each time that the loop was taken for hanging. */
  takeSuspension(): boolean {
    const suspensions = Atomics.load(this.#words, suspensionsAt);
    if (suspensions === this.#suspensionsSeen) return false;
    this.#suspensionsSeen = suspensions;
    return true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

export type MainLoopHandlers = { onHang(): void; onReturn(): void };

/**
 * On the engine's thread. It counts its own looks without progress, not time: where the whole process stood still, no look came
 * either, and the loop has its time when both go on.
 */
export class MainLoopWatch {
  readonly #words: Int32Array;
  readonly #timer: NodeJS.Timeout;
  #beats = 0;
  #looksInVain = 0;
  #hangs = false;

  constructor(memory: SharedArrayBuffer, hangMs: number, handlers: MainLoopHandlers) {
    this.#words = new Int32Array(memory);
    this.#timer = setInterval(() => this.#look(handlers), hangMs / looksPerHang);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(handlers: MainLoopHandlers): void {
    const beats = Atomics.load(this.#words, beatsAt);
    const progress = beats !== this.#beats;
    this.#beats = beats;
    this.#looksInVain = progress ? 0 : this.#looksInVain + 1;
    if (progress && this.#hangs) {
      this.#hangs = false;
      handlers.onReturn();
    } else if (!this.#hangs && this.#looksInVain === looksPerHang) {
      this.#hangs = true;
      Atomics.add(this.#words, suspensionsAt, 1); // before anybody can take over
      handlers.onHang();
    }
  }
}
