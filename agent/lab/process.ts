/** A long-running process of the lab: what it prints goes to a file, its end is a promise, it dies with the lab. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export type Ending = { readonly status: number | null; readonly signal: NodeJS.Signals | null };

export class LabProcess {
  readonly argv: readonly string[];
  readonly pid: number;
  /** What it printed on both outputs; null where the caller reads them through pipes. */
  readonly logFile: string | null;
  readonly child: ChildProcess;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<Ending>;

  constructor(argv: readonly string[], child: ChildProcess, pid: number, logFile: string | null) {
    this.argv = argv;
    this.child = child;
    this.pid = pid;
    this.logFile = logFile;
    this.ended = new Promise((resolve) => {
      child.once('exit', (status, signal) => resolve({ status, signal }));
    });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Never reaches another process: nothing is sent once it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.child.kill(signal);
  }
}

export type StartOptions = {
  /** 'pipes': the caller reads and writes `child`. Else the file that both outputs are appended to. */
  readonly output: 'pipes' | { readonly logFile: string };
  readonly env: NodeJS.ProcessEnv;
};

/**
 * Starts `argv` in its own session, so that a Ctrl-C at the terminal reaches only us and the order of ending is ours.
 * @throws Error where the program cannot be started
 */
export function startProcess(argv: readonly string[], options: StartOptions): Promise<LabProcess> {
  const [file = '', ...rest] = argv;
  const log = options.output === 'pipes' ? null : openSync(options.output.logFile, 'a');
  const stdio: StdioOptions = log === null ? ['pipe', 'pipe', 'pipe'] : ['ignore', log, log];
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, { stdio, env: options.env, detached: true });
    if (log !== null) closeSync(log);
    child.once('error', reject);
    if (child.pid !== undefined) {
      resolve(new LabProcess(argv, child, child.pid, options.output === 'pipes' ? null : options.output.logFile));
    }
  });
}
