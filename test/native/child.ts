/**
 * Runs a script of children/ as a process of its own: what it does needs a network namespace, ends its process or changes
 * its threads, none of which vitest's own process may. A script writes one JSON value to stdout; that is its report.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export type ChildOptions = {
  /** In a new network namespace, with every capability there. */
  readonly isolated?: boolean;
  readonly nodeFlags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
};

export type ChildResult = {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** How long a script may take: several times what the slowest needs on a busy machine of two cores. */
const deadlineMs = 15_000;

const isRoot = process.getuid?.() === 0;

/** An ordinary user gets the capabilities from a user namespace, where the kernel allows it. */
const isolating = isRoot ? ['unshare', '--net'] : ['unshare', '--user', '--map-root-user', '--net'];

/** Root keeps its id but loses every capability. */
const unprivileging = isRoot ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

/** @returns the report of a script that ended with status 0. @throws Error with what it wrote to stderr, otherwise */
export async function report(
  script: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<unknown> {
  const result = await runChild(script, args, options);
  if (result.status !== 0) {
    throw new Error(`${script} ended with ${result.signal ?? `status ${result.status}`}:\n${result.stderr}`);
  }
  return JSON.parse(result.stdout);
}

/** Whatever the status. */
export function runChild(
  script: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<ChildResult> {
  return run([...(options.isolated === true ? isolating : []), ...nodeCommand(script, args, options)], options.env);
}

/** Without any capability. */
export function runUnprivileged(script: string, args: readonly string[] = []): Promise<ChildResult> {
  return run([...unprivileging, ...nodeCommand(script, args, {})]);
}

/** The command line of a script. */
export function nodeCommand(script: string, args: readonly string[], options: ChildOptions): readonly string[] {
  const path = fileURLToPath(new URL(`children/${script}.mjs`, import.meta.url));
  return [process.execPath, ...(options.nodeFlags ?? []), path, ...args];
}

async function run([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildResult> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, signal: child.signalCode, stdout, stderr };
}
