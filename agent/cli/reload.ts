/** `holdfast reload`: the agent of this host reads its configuration and keys anew. */
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { askReload } from './ask.ts';
import { count, printable } from './text.ts';

/** @throws ExitError with what is wrong in the files */
export async function runReload(options: { readonly control: string; readonly json: boolean }): Promise<ExitCode> {
  const reply = await askReload(options.control);
  const { keys, sealing, changed, changes, failures } = printable(reply);
  if (options.json) console.log(JSON.stringify({ keys, sealing, changed, changes, failures }));
  else {
    for (const change of changes) console.log(`${change}.`);
    console.log(`${changed ? 'Reloaded' : 'Nothing changed'}: ${count(keys, 'key')}, sealing with ${sealing}.`);
    for (const failure of failures) console.error(failure);
  }
  return failures.length === 0 ? exitCodes.ok : exitCodes.degraded;
}
