/** What is to happen when, in virtual time: earliest first, then in the order it was put in. */

type Due = { readonly at: number; readonly order: number; readonly run: () => void };

export class Agenda {
  readonly #items: Due[] = []; // a binary heap; UNBOUNDED: a run ends
  #order = 0;

  /** When the next is due; Infinity: never. */
  get nextAt(): number {
    return this.#items[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  put(at: number, run: () => void): void {
    this.#order += 1;
    const item: Due = { at, order: this.#order, run };
    const items = this.#items;
    let index = items.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent];
      if (above === undefined || !isEarlier(item, above)) break;
      items[index] = above;
      index = parent;
    }
    items[index] = item;
  }

  take(): Due | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = items[child];
      const right = items[child + 1];
      if (below !== undefined && right !== undefined && isEarlier(right, below)) {
        below = right;
        child += 1;
      }
      if (below === undefined || !isEarlier(below, last)) break;
      items[index] = below;
      index = child;
    }
    items[index] = last;
    return first;
  }
}

function isEarlier(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
