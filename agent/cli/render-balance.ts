import type { Move } from '../control/protocol.ts';
import { renderTable, row } from './table.ts';
import { count, painter, printable } from './text.ts';

type MovesOptions = { readonly width: number; readonly colour: boolean };

/** `holdfast balance` as text: what it moved. */
export function renderBalance(moves: readonly Move[], options: MovesOptions): string {
  const nothing = 'Nothing to move: the sets are spread as evenly as they can be.';
  return moves.length === 0 ? nothing : renderMoves(null, moves, options);
}

/** What a command has brought about, and what moved with it. */
export function renderMoves(outcome: string | null, raw: readonly Move[], options: MovesOptions): string {
  const moves = printable(raw);
  const told = outcome === null ? [] : [outcome];
  if (moves.length === 0) return told.join('\n');
  const rows = moves.map((move) => row(move.set, move.from ?? 'nobody', move.to, move.reason));
  return [
    ...told,
    `Moved ${count(moves.length, 'set')}.`,
    '',
    ...renderTable(['SET', 'FROM', 'TO', 'WHY'], rows, { ...options, paint: painter(options) }),
  ].join('\n');
}
