/** A systemd that runs as process 1 in namespaces of its own, with the program and its unit installed as a package would. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atProcessEnd } from '../../agent/lab/at-process-end.ts';
import { attempt, type CommandResult, run } from '../../agent/lab/command.ts';
import { DeadlineError } from '../../agent/lab/deadline.ts';
import { type LabProcess, startProcess } from '../../agent/lab/process.ts';

const packageDirectory = fileURLToPath(new URL('../../', import.meta.url));
const bootScript = fileURLToPath(new URL('boot.sh', import.meta.url));
const bootMs = 10_000;
const lookIntervalMs = 50;

export class Booted {
  readonly #process: LabProcess;
  readonly #directory: string;
  readonly #init: number;
  readonly #forget: () => void;

  constructor(process: LabProcess, directory: string, init: number) {
    this.#process = process;
    this.#directory = directory;
    this.#init = init;
    this.#forget = atProcessEnd(() => {
      process.signal('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** @throws CommandError unless it ended with status 0 */
  run(argv: readonly string[], input = ''): Promise<string> {
    return run(this.#entering(argv), input);
  }

  attempt(argv: readonly string[]): Promise<CommandResult> {
    return attempt(this.#entering(argv));
  }

  /** Runs until everything here ends. */
  spawn(argv: readonly string[], name: string): Promise<LabProcess> {
    const logFile = join(this.#directory, `${name}.log`);
    return startProcess(this.#entering(argv), { output: { logFile }, env: process.env });
  }

  /** A property of the unit, as `systemctl show` has it. */
  async property(name: string): Promise<string> {
    return (await this.run(['systemctl', 'show', '--value', '--property', name, 'holdfast'])).trim();
  }

  /** A process of this machine, as all others see it. */
  outside(pid: number): number {
    const ours = (each: string) => readlinkSync(`/proc/${each}/ns/pid`) === readlinkSync(`/proc/${this.#init}/ns/pid`);
    const named = (each: string) =>
      new RegExp(`^NSpid:.*\\s${pid}$`, 'm').test(readFileSync(`/proc/${each}/status`, 'utf8'));
    const found = readdirSync('/proc').find(
      (each) => /^[0-9]+$/.test(each) && unlessGone(() => named(each) && ours(each)),
    );
    if (found === undefined) throw new Error(`process ${pid} is not there`);
    return Number(found);
  }

  /** @throws DeadlineError */
  async until(what: string, condition: () => Promise<boolean>, withinMs = bootMs): Promise<void> {
    const giveUp = AbortSignal.timeout(withinMs);
    while (!(await condition())) {
      if (giveUp.aborted) throw new DeadlineError(what, withinMs);
      await new Promise((next) => setTimeout(next, lookIntervalMs));
    }
  }

  async dispose(): Promise<void> {
    this.#process.signal('SIGKILL'); // the kernel ends everything in its namespaces along with process 1
    await this.#process.ended;
    this.#forget();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #entering(argv: readonly string[]): readonly string[] {
    const target = ['--target', String(this.#init), '--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup'];
    return ['setpriv', '--pdeathsig', 'KILL', 'nsenter', ...target, '--root', '--wd=/', '--', ...argv];
  }
}

/** A string: why this machine cannot. */
export async function boot(): Promise<Booted | string> {
  if (process.getuid?.() !== 0) return 'systemd cannot be booted: this needs root';
  if (!existsSync('/lib/systemd/systemd')) return 'systemd cannot be booted: it is not installed';
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-systemd-'));
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--net', '--uts', '--ipc', '--cgroup'];
  const script = ['sh', bootScript, directory, packageDirectory, process.execPath];
  const argv = ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces, ...script];
  const logFile = `${directory}.log`;
  const started = await startProcess(argv, { output: { logFile }, env: process.env });
  const failed = started.ended.then(() => `systemd cannot be booted: ${readFileSync(logFile, 'utf8').trim()}`);
  try {
    const booted = await Promise.race([failed, ready(started, directory)]);
    if (typeof booted === 'string') rmSync(directory, { recursive: true, force: true });
    return booted;
  } finally {
    rmSync(logFile, { force: true });
  }
}

async function ready(started: LabProcess, directory: string): Promise<Booted | string> {
  const giveUp = AbortSignal.timeout(bootMs);
  while (started.running && !giveUp.aborted) {
    const init = childOf(started.pid);
    const command = init === null ? '' : commandOf(init);
    if (init !== null && command === 'systemd') {
      const booted = new Booted(started, directory, init);
      const { stdout } = await booted.attempt(['systemctl', 'is-system-running']);
      if (/^(running|degraded)/.test(stdout)) return booted;
    }
    await new Promise((next) => setTimeout(next, lookIntervalMs));
  }
  started.signal('SIGKILL');
  return `systemd cannot be booted: it was not up within ${bootMs / 1000} s`;
}

function unlessGone(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}

function childOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || null;
  } catch {
    return null; // it ended
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
