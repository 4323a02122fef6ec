/** What the demo found: a row for every event. */
import { type Row, renderTable } from './table.ts';
import type { Paint } from './text.ts';

export type EventResult = {
  readonly event: string;
  /** Sets whose holder after the event is another than before. */
  readonly setsMoved: number;
  /** What the client saw; null until the fate of the last probe is known. */
  readonly probes: {
    readonly sent: number;
    readonly lost: number;
    /** Of all addresses, the longest time for which a probe waited in vain. */
    readonly longestSilenceMs: number;
  } | null;
  /** Of all addresses, the longest total time for which two kernels had it. */
  readonly heldTwiceMs: number;
  /** Of all addresses, the longest total time for which no kernel with power had it. */
  readonly heldByNobodyMs: number;
  /** What was wrong at the rest after the event; empty: every set was held exactly once. */
  readonly faults: readonly string[];
};

// What matters most first: a narrow terminal cuts the last ones.
const heads = ['event', 'sets moved', 'probes lost', 'longest silence', 'held twice', 'by nobody', 'at rest'];

export function renderResults(
  results: readonly EventResult[],
  options: { readonly width: number; readonly paint: Paint },
): string[] {
  return renderTable(heads, results.map(rowOf), options);
}

function rowOf(result: EventResult): Row {
  const { probes } = result;
  const cells = [
    result.event,
    String(result.setsMoved),
    probes === null ? '…' : `${probes.lost} of ${probes.sent}`,
    probes === null ? '…' : formatMs(probes.longestSilenceMs),
    formatMs(result.heldTwiceMs),
    formatMs(result.heldByNobodyMs),
    result.faults[0] ?? 'each set once',
  ];
  return { cells, mark: result.faults.length > 0 ? '!' : ' ', style: result.faults.length > 0 ? 'red' : null };
}

function formatMs(ms: number): string {
  return `${ms > 0 && ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
