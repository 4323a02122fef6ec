/** What the demo found: a row for every event. */
import { type Row, renderTable } from './table.ts';
import { cut, type Paint } from './text.ts';

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

// Sets that moved, probes lost, the longest silence, held twice, held by nobody: short, so that all of it fits 80 columns.
const heads = ['event', 'moved', 'lost', 'silence', 'twice', 'nobody', 'at rest'];

/** A row for every event; below it what was wrong, if anything. */
export function renderResults(
  results: readonly EventResult[],
  options: { readonly width: number; readonly paint: Paint },
): string[] {
  return renderTable(heads, results.map(rowOf), options).flatMap((line, index) => {
    const faults = results[index - 1]?.faults ?? [];
    return [line, ...faults.map((fault) => options.paint('red', cut(`!   ${fault}`, options.width)))];
  });
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
    result.faults.length > 0 ? 'wrong' : 'once',
  ];
  return { cells, mark: result.faults.length > 0 ? '!' : ' ', style: result.faults.length > 0 ? 'red' : null };
}

function formatMs(ms: number): string {
  return `${ms > 0 && ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
