/** `holdfast restart --hold`: the agent ends, its guard keeps the addresses, and the one that its supervisor starts adopts them. */
import { type ExitCode, ExitError, exitCodes } from '../exit-codes.ts';
import { askRestart, askStatus } from './ask.ts';
import { count, printable } from './text.ts';

export type RestartOptions = { readonly control: string; readonly json: boolean; readonly keepSeconds: number };

const lookIntervalMs = 200;

/** Resolves when another agent answers. @throws ExitError with what hinders, or where none comes in time */
export async function runRestart({ control, json, keepSeconds }: RestartOptions): Promise<ExitCode> {
  const { pid, sets } = printable(await askRestart(control, keepSeconds));
  const giveUp = AbortSignal.timeout(keepSeconds * 1000);
  while (!giveUp.aborted) {
    await new Promise((next) => setTimeout(next, lookIntervalMs));
    const now = await pidOf(control);
    if (now === null || now === pid) continue;
    if (json) console.log(JSON.stringify({ pid: now, sets }, null, 2));
    else console.log(`Restarted: the agent is process ${now} now; ${count(sets.length, 'set')} stayed here.`);
    return exitCodes.ok;
  }
  throw new ExitError(
    exitCodes.noAgent,
    `No agent came back within ${keepSeconds} s: the other hosts take over. See journalctl -u holdfast`,
  );
}

/** null: it does not answer yet. */
async function pidOf(control: string): Promise<number | null> {
  try {
    return (await askStatus(control)).pid;
  } catch (error) {
    if (error instanceof ExitError) return null;
    throw error;
  }
}
