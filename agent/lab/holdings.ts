/** Who had which address when: a timeline of kernels, and what follows from it. Pure. */

export type HoldingEvent = {
  /** Monotonic ms. */
  readonly atMs: number;
  readonly host: string;
  /** Without prefix length, canonical. */
  readonly address: string;
  readonly kind: 'held' | 'gone';
};

/** A stretch of time with the same holders. */
export type Span = { readonly fromMs: number; readonly toMs: number; readonly holders: readonly string[] };

/** The stretches of `fromMs`..`toMs`, without gaps, of one address. `events` in any order; renewals change nothing. */
export function spansOf(
  events: readonly HoldingEvent[],
  address: string,
  fromMs: number,
  toMs: number,
): readonly Span[] {
  const own = events.filter((event) => event.address === address).sort((a, b) => a.atMs - b.atMs);
  const holders = new Set<string>();
  const spans: Span[] = [];
  let since = fromMs;
  for (const event of own) {
    if (event.atMs >= toMs) break;
    const changes = event.kind === 'held' ? !holders.has(event.host) : holders.has(event.host);
    if (changes && event.atMs > since) {
      spans.push({ fromMs: since, toMs: event.atMs, holders: [...holders].sort() });
      since = event.atMs;
    }
    if (event.kind === 'held') holders.add(event.host);
    else holders.delete(event.host);
  }
  if (toMs > since) spans.push({ fromMs: since, toMs, holders: [...holders].sort() });
  return spans;
}

/** Total ms with two holders or more. */
export function heldTwiceMs(spans: readonly Span[]): number {
  return total(spans.filter((span) => span.holders.length > 1));
}

/** Total ms with none. */
export function heldByNobodyMs(spans: readonly Span[]): number {
  return total(spans.filter((span) => span.holders.length === 0));
}

function total(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.toMs - span.fromMs, 0);
}
