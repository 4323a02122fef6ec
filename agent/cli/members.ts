/** `holdfast members`: the hosts of the group, and on which paths they are heard. */
import type { ExitCode } from '../exit-codes.ts';
import { askStatus } from './ask.ts';
import { membersExitCode } from './health.ts';
import { renderMembers } from './render-members.ts';
import { pageOptions } from './terminal.ts';

/** @throws ExitError */
export async function runMembers(options: { readonly control: string; readonly json: boolean }): Promise<ExitCode> {
  const status = await askStatus(options.control);
  const { group, host, view, members } = status;
  console.log(
    options.json
      ? JSON.stringify({ group, host, view, members }, null, 2)
      : renderMembers(status, { ...pageOptions(process.stdout, process.env), now: new Date() }),
  );
  return membersExitCode(status);
}
