/**
 * A page redrawn in place on a terminal. What was on the screen before is scrolled up, not lost, and the last page stays
 * when we end; rejected: the alternate screen, which takes the page away just when somebody wants to copy from it.
 */
import type { WriteStream } from 'node:tty';
import { cut } from './text.ts';

export type Screen = {
  /** `page` is asked again when the terminal changes its size. */
  draw(page: () => string): void;
  close(): void;
};

export function openScreen(stream: WriteStream): Screen {
  let page: (() => string) | null = null;

  function redraw(): void {
    if (page === null) return;
    const lines = clip(page(), stream);
    // The line is cleared before it is written: after a full line the cursor stands on its last character.
    stream.write(`\x1b[H${lines.map((line) => `\x1b[K${line}\r\n`).join('')}\x1b[J`);
  }

  stream.write(`\x1b[?25l${'\n'.repeat(stream.rows)}`); // without the cursor
  stream.on('resize', redraw);
  return {
    draw(next) {
      page = next;
      redraw();
    },
    close() {
      stream.off('resize', redraw);
      stream.write('\x1b[?25h');
    },
  };
}

/** The first lines of the page, and how many there are more: what matters most is at its top. */
function clip(page: string, { rows, columns }: WriteStream): string[] {
  const lines = page.split('\n');
  const linesMax = Math.max(1, rows - 1); // the cursor waits below
  if (lines.length <= linesMax) return lines;
  const more = cut(`… ${lines.length - linesMax + 1} more lines: enlarge the terminal to see them`, columns);
  return [...lines.slice(0, linesMax - 1), more];
}
