/** `holdfast balance`: spreads the sets evenly, now, and waits until they have moved. */
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { askCommand } from './ask.ts';
import { renderBalance } from './render-balance.ts';
import { pageOptions } from './terminal.ts';

/** @throws ExitError */
export async function runBalance(options: { readonly control: string; readonly json: boolean }): Promise<ExitCode> {
  const moves = await askCommand(options.control, { kind: 'balance' });
  console.log(
    options.json ? JSON.stringify({ moves }, null, 2) : renderBalance(moves, pageOptions(process.stdout, process.env)),
  );
  return exitCodes.ok;
}
