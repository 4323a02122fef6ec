/** Short commands: run, collect, check. Long-running ones are `LabProcess`. */
import { spawn } from 'node:child_process';

export type CommandResult = {
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A command that could not be started or did not end with status 0. */
export class CommandError extends Error {
  readonly argv: readonly string[];
  readonly result: CommandResult;

  constructor(argv: readonly string[], result: CommandResult) {
    const said = (result.stderr || result.stdout).trim();
    super(`Cannot run ${argv.join(' ')}: status ${result.status ?? 'none (killed)'}${said === '' ? '' : `: ${said}`}`);
    this.name = 'CommandError';
    this.argv = argv;
    this.result = result;
  }
}

/** An ordinary user's PATH may lack the folders where ip, nft and bridge are. */
export const labEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
};

/** Runs to the end and gives what came out, whatever the status. A program that is not there gives status 127. */
export function attempt(argv: readonly string[], input = ''): Promise<CommandResult> {
  const [file = '', ...rest] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: labEnvironment });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => resolve({ status: 127, stdout, stderr: error.message }));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.on('error', () => {}); // EPIPE: it ended without reading; its status says why
    child.stdin.end(input);
  });
}

/** Runs to the end and gives what it printed. @throws CommandError unless it ended with status 0 */
export async function run(argv: readonly string[], input = ''): Promise<string> {
  const result = await attempt(argv, input);
  if (result.status !== 0) throw new CommandError(argv, result);
  return result.stdout;
}
