#!/usr/bin/env node
/** The program `holdfast`: runs one command; whatever goes wrong is one line on stderr and an exit code. */
import { CommanderError } from 'commander';
import { ExitError, exitCodes } from '../exit-codes.ts';
import { buildProgram } from './program.ts';

// A reader that has seen enough (`holdfast status | head -1`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  await buildProgram((code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // has been told
  console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof ExitError) return error.exitCode;
  // Not one of the failures we know: who reports it can show where it comes from.
  if (error instanceof Error && process.env.HOLDFAST_DEBUG !== undefined) console.error(error.stack);
  return exitCodes.degraded;
}
