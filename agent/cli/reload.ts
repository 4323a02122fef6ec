/** `holdfast reload`: the agent of this host reads the key file again. */
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { askReload } from './ask.ts';
import { count, printable } from './text.ts';

/** @throws ExitError */
export async function runReload(options: { readonly control: string; readonly json: boolean }): Promise<ExitCode> {
  const reply = await askReload(options.control);
  const { keys, sealing, changed } = printable(reply);
  const text = `${changed ? 'Changed' : 'Nothing changed'}: ${count(keys, 'key')}, sealing with ${sealing}.`;
  console.log(options.json ? JSON.stringify({ keys, sealing, changed }) : text);
  return exitCodes.ok;
}
