/** Aligned columns, two spaces apart. Where they do not fit, the last column is cut, so the one to miss least comes first. */
import { cut, type Paint, type Style, widthOf } from './text.ts';

export type Row = {
  readonly cells: readonly string[];
  /** Before the first cell: what needs the eye, also without colours. */
  readonly mark: ' ' | '!';
  readonly style: Style | null;
};

export function row(...cells: string[]): Row {
  return { cells, mark: ' ', style: null };
}

/** @param width of the terminal; Infinity: nothing is cut */
export function renderTable(
  heads: readonly string[],
  rows: readonly Row[],
  options: { readonly width: number; readonly paint: Paint },
): string[] {
  const widths = heads.map((head, column) =>
    Math.max(...[head, ...rows.map((r) => r.cells[column] ?? '')].map(widthOf)),
  );
  const line = (mark: string, cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)));
    return cut(`${mark} ${padded.join('  ')}`.trimEnd(), options.width);
  };
  return [
    options.paint('dim', line(' ', heads)),
    ...rows.map((r) => {
      const text = line(r.mark, r.cells);
      return r.style === null ? text : options.paint(r.style, text);
    }),
  ];
}
