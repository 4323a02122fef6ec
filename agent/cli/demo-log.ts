/** What happened, a line each with the time since the demo began: in a file, on a terminal as part of the page. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ExitError, exitCodes } from '../exit-codes.ts';
import { monotonicMs } from '../lab/clock.ts';

export type DemoLog = {
  readonly file: string;
  /** Every line so far. UNBOUNDED: a demo takes a minute. */
  readonly lines: readonly string[];
  /** @param atMs monotonic; default: now */
  say(text: string, atMs?: number): void;
  /** For the file alone, as it is. */
  append(text: string): void;
  close(): void;
};

/** @param beganMs monotonic @throws ExitError where the file cannot be written */
export function openDemoLog(file: string, beganMs: number, onLine: (line: string) => void): DemoLog {
  let handle: number;
  try {
    handle = openSync(file, 'w', 0o644);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExitError(exitCodes.degraded, `Cannot write the log ${file}: ${why}; give another with --log FILE`);
  }
  const lines: string[] = [];
  return {
    file,
    lines,
    say(text, atMs = monotonicMs()) {
      const line = `${((atMs - beganMs) / 1000).toFixed(3).padStart(7)} s  ${text}`;
      lines.push(line);
      writeSync(handle, `${line}\n`);
      onLine(line);
    },
    append(text) {
      writeSync(handle, `${text}\n`);
    },
    close() {
      closeSync(handle);
    },
  };
}
