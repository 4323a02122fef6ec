import type { Move } from '../control/protocol.ts';
import { renderTable, row } from './table.ts';
import { count, painter, printable } from './text.ts';

/** `holdfast balance` as text: what it moved. */
export function renderBalance(
  raw: readonly Move[],
  options: { readonly width: number; readonly colour: boolean },
): string {
  const moves = printable(raw);
  if (moves.length === 0) return 'Nothing to move: the sets are spread as evenly as they can be.';
  const rows = moves.map((move) => row(move.set, move.from ?? 'nobody', move.to, move.reason));
  return [
    `Moved ${count(moves.length, 'set')}.`,
    '',
    ...renderTable(['SET', 'FROM', 'TO', 'WHY'], rows, { ...options, paint: painter(options) }),
  ].join('\n');
}
