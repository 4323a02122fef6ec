/** `holdfast status`: once, or again and again. */
import type { Status } from '../control/protocol.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { askStatus } from './ask.ts';
import { findTroubles, statusExitCode } from './health.ts';
import { renderStatus } from './render-status.ts';
import { pageOptions } from './terminal.ts';
import { watch } from './watch.ts';

export type StatusOptions = {
  readonly control: string;
  readonly json: boolean;
  readonly all: boolean;
  /** Seconds between two pages; null: one page. */
  readonly watch: number | null;
};

/** @throws ExitError */
export async function runStatus(options: StatusOptions): Promise<ExitCode> {
  if (options.watch !== null) {
    await watch({
      ask: () => askStatus(options.control),
      render: (status) => (options.json ? JSON.stringify(status) : page(status, options.all)),
      everyMs: options.watch * 1_000,
      form: options.json ? 'lines' : 'pages',
    });
    return exitCodes.ok;
  }
  const status = await askStatus(options.control);
  console.log(options.json ? JSON.stringify(status, null, 2) : page(status, options.all));
  return statusExitCode(findTroubles(status, new Date()));
}

function page(status: Status, all: boolean): string {
  return renderStatus(status, { ...pageOptions(process.stdout, process.env), now: new Date(), all });
}
