/** The built program as a process, as a user runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const mainFile = fileURLToPath(new URL('../../dist/agent/cli/main.js', import.meta.url));

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Running = {
  /** All of stdout so far, once the text is in it that many times. Rejects where the program ends first. */
  shows(text: string, times?: number): Promise<string>;
  type(keys: string): void;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
};

export function holdfast(...args: string[]): Promise<Ended> {
  return start(process.execPath, [mainFile, ...args]).ended;
}

export function startHoldfast(...args: string[]): Running {
  return start(process.execPath, [mainFile, ...args]);
}

/** On a terminal of 80 columns and 24 rows; what it shows comes on stdout. script(1) is in every Debian. */
export function startOnTerminal(...args: string[]): Running {
  const command = ['exec', process.execPath, mainFile, ...args]
    .map((word) => `'${word}'`)
    .join(' ')
    .replace(/^'exec'/, 'exec');
  return start('script', ['-qefc', `stty cols 80 rows 24; ${command}`, '/dev/null']);
}

function start(file: string, args: readonly string[]): Running {
  const environment: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm' };
  delete environment.NO_COLOR;
  const child = spawn(file, args, { env: environment });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    ended,
    type: (keys) => child.stdin.write(keys),
    kill: (signal) => child.kill(signal),
    async shows(text, times = 1) {
      const over = ended.then((end) => {
        throw new Error(`ended with ${end.code} before it showed ${text}: ${end.stdout}${end.stderr}`);
      });
      over.catch(() => {}); // also where it ends later, unasked
      while (stdout.split(text).length <= times)
        await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), over]);
      return stdout;
    },
  };
}
