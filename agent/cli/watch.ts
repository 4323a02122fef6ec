/** Asks at an interval and shows the newest answer, until SIGINT, SIGTERM or the end of whoever reads it. */
import { setTimeout as delay } from 'node:timers/promises';
import { ExitError, exitCodes } from '../exit-codes.ts';
import { openScreen } from './screen.ts';
import { pageOptions } from './terminal.ts';
import { wrap } from './text.ts';

export type WatchOptions<T> = {
  /** An ExitError with `noAgent` is shown and tried again: agents are restarted. Any other error ends the watch. */
  readonly ask: () => Promise<T>;
  readonly render: (answer: T) => string;
  readonly everyMs: number;
  /** lines: one line for each answer, for programs. pages: redrawn in place on a terminal, one after the other elsewhere. */
  readonly form: 'lines' | 'pages';
};

export async function watch<T>(options: WatchOptions<T>): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  const show = options.form === 'pages' ? showPages(options.everyMs) : showLines();
  try {
    while (!stop.signal.aborted) {
      const shown = await answerOrRetry(options);
      if (!stop.signal.aborted) show.draw(shown);
      await delay(options.everyMs, undefined, { signal: stop.signal }).catch(() => {}); // only rejects at the abort
    }
  } finally {
    show.close();
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}

type Shown =
  /** Rendered when drawn, so that a page follows the terminal's width. */
  { readonly kind: 'answer'; readonly render: () => string } | { readonly kind: 'no agent'; readonly message: string };

type Show = { draw(shown: Shown): void; close(): void };

async function answerOrRetry<T>({ ask, render }: WatchOptions<T>): Promise<Shown> {
  try {
    const answer = await ask();
    return { kind: 'answer', render: () => render(answer) };
  } catch (error) {
    if (!(error instanceof ExitError) || error.exitCode !== exitCodes.noAgent) throw error;
    return { kind: 'no agent', message: `no agent, retrying: ${error.message}` };
  }
}

function showLines(): Show {
  return {
    draw(shown) {
      if (shown.kind === 'answer') console.log(shown.render());
      else console.error(`holdfast: ${shown.message}`);
    },
    close() {},
  };
}

function showPages(everyMs: number): Show {
  const text = (shown: Shown): string => {
    if (shown.kind === 'answer') return shown.render();
    return wrap('', shown.message, pageOptions(process.stdout, process.env).width).join('\n');
  };
  if (!process.stdout.isTTY) {
    return { draw: (shown) => console.log(`--- ${new Date().toISOString()}\n${text(shown)}\n`), close() {} };
  }
  const screen = openScreen(process.stdout);
  return {
    draw(shown) {
      const at = new Date().toTimeString().slice(0, 8);
      screen.draw(() => `${at}, every ${everyMs / 1_000} s, Ctrl-C ends\n\n${text(shown)}`);
    },
    close: () => screen.close(),
  };
}
