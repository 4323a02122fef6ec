/** `holdfast release`: removes what the guard of an agent that died still keeps on this host. systemd's ExecStopPost runs it. */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type ExitCode, ExitError, exitCodes } from '../exit-codes.ts';
import { release } from '../system/guard-door.ts';

/**
 * $SERVICE_RESULT (systemd.exec(5)) of a service that somebody stopped, whether it obeyed or not. Any other is a crash: then the
 * guard keeps the addresses until another host has them, or the agent that systemd starts adopts them.
 */
const stopResults = new Set(['success', 'timeout']);
/** Beside the socket; the unit's ExecStop makes it, which systemd does not run where the agent ended by itself. */
const stoppingFile = 'stopping';

export type ReleaseOptions = {
  readonly control: string;
  /** As ExecStopPost: not after a crash. */
  readonly afterStop: boolean;
};

/** @throws ExitError where the guard does not do it */
export async function runRelease({ control, afterStop }: ReleaseOptions): Promise<ExitCode> {
  const directory = resolve(dirname(control));
  if (afterStop && !wasAsked(directory)) {
    const result = process.env.SERVICE_RESULT;
    console.log(`the agent crashed (${result}): its guard keeps the addresses until another host has them`);
    return exitCodes.ok;
  }
  const released = await release(directory);
  switch (released.kind) {
    case 'done':
      console.log(`${released.value} ${released.value === 1 ? 'address' : 'addresses'} removed`);
      return exitCodes.ok;
    case 'no-guard':
      console.log('nothing to release: no guard runs on this host');
      return exitCodes.ok;
    case 'busy':
      throw new ExitError(
        exitCodes.degraded,
        'Cannot release: the guard of this host has nothing to do, since its agent runs; stop that: systemctl stop holdfast',
      );
    case 'denied':
      throw new ExitError(exitCodes.privilege, `Cannot ask the guard in ${directory}: run this as root`);
    case 'failed':
      throw new ExitError(exitCodes.degraded, `Cannot ask the guard in ${directory}: ${released.why}`);
  }
}

/** Whether the service that has ended was to end. */
function wasAsked(directory: string): boolean {
  const file = join(directory, stoppingFile);
  const asked = existsSync(file) || stopResults.has(process.env.SERVICE_RESULT ?? 'success');
  rmSync(file, { force: true });
  return asked;
}
