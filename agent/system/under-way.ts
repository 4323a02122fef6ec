/** Work that has begun and not ended, so that an end can wait for it. */
export class UnderWay {
  readonly #work = new Set<Promise<unknown>>(); // UNBOUNDED: by whoever begins it

  /** @returns the same promise */
  add<Result>(work: Promise<Result>): Promise<Result> {
    const over = (): void => {
      this.#work.delete(work);
    };
    this.#work.add(work);
    work.then(over, over);
    return work;
  }

  /** Resolves when nothing is under way, what was begun meanwhile included. Never rejects. */
  async over(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }
}
