/** `holdfast announce`: tells the network once more where the sets of this host are. */
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { askAnnounce } from './ask.ts';
import { nameRanges } from './name-ranges.ts';
import { count, printable } from './text.ts';

/** @throws ExitError */
export async function runAnnounce(options: {
  readonly control: string;
  readonly json: boolean;
  readonly sets: readonly string[];
}): Promise<ExitCode> {
  const sets = await askAnnounce(options.control, options.sets);
  console.log(options.json ? JSON.stringify({ sets }) : describe(printable(sets)));
  return exitCodes.ok;
}

function describe(sets: readonly string[]): string {
  if (sets.length === 0) return 'Nothing to announce: no set is held here.';
  return `Announced ${count(sets.length, 'set')} of this host again: ${nameRanges(sets)}.`;
}
