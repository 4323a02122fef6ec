/** Commands to the group: each waits until it is carried out, then says so, and what moved with it. */
import type { CommandRequest } from '../control/protocol.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { askCommand } from './ask.ts';
import { renderMoves } from './render-balance.ts';
import { pageOptions } from './terminal.ts';
import { printable } from './text.ts';

export type OrderOptions = { readonly control: string; readonly json: boolean };

/** @throws ExitError with what hinders */
export async function runOrder(request: CommandRequest, { control, json }: OrderOptions): Promise<ExitCode> {
  const moves = await askCommand(control, request);
  if (json) console.log(JSON.stringify({ moves }, null, 2));
  else console.log(renderMoves(printable(outcomeOf(request)), moves, pageOptions(process.stdout, process.env)));
  return exitCodes.ok;
}

function outcomeOf(request: CommandRequest): string {
  switch (request.kind) {
    case 'balance':
      return 'The sets are spread evenly.';
    case 'move':
      return `${request.set} is on ${request.host} and stays there until it is unpinned, moved again, or its host fails.`;
    case 'unpin':
      return `${request.set} is not pinned any more; it stays where it is until something moves it.`;
    case 'drain':
      return `${nameOf(request.host)} is drained: it holds nothing and gets nothing until \`holdfast undrain\`.`;
    case 'undrain':
      return `${nameOf(request.host)} takes part again; nothing moves there for that alone.`;
    case 'freeze':
      return 'The group is frozen: nothing is moved or touched, whatever fails, until `holdfast thaw`.';
    case 'thaw':
      return 'The group is not frozen any more.';
    case 'abandon':
      return 'This agent has ended. Its addresses stay as they are, and no host takes them over; a new start of the agent takes part again.';
  }
}

function nameOf(host: string | null): string {
  return host ?? 'This host';
}
