/**
 * A network namespace without a name: a process holds it, others enter by that process's id. Rejected: `ip netns`, whose
 * names live in /run and are left behind by whoever is killed. The holder reads a pipe of ours and ends with us.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { attempt, type CommandResult, labEnvironment, run } from './command.ts';
import { type LabProcess, startProcess } from './process.ts';

export type SpawnOptions = {
  /** The log is `<log directory>/<name>.log`, appended to. */
  readonly name: string;
  readonly env?: NodeJS.ProcessEnv;
};

export class Namespace {
  /** 'e1', 'client', 'switch' */
  readonly name: string;
  readonly #holder: LabProcess;
  readonly #logDirectory: string;
  /** Bounded by what the caller starts; those that ended leave. */
  readonly #processes = new Set<LabProcess>();
  /** `net:[4026532000]`, as /proc spells it. */
  readonly #identity: string;

  constructor(name: string, holder: LabProcess, logDirectory: string) {
    this.name = name;
    this.#holder = holder;
    this.#logDirectory = logDirectory;
    this.#identity = readlinkSync(`/proc/${holder.pid}/ns/net`);
  }

  /** What `ip link … netns` takes. */
  get holderPid(): number {
    return this.#holder.pid;
  }

  /** Runs to the end inside. @throws CommandError unless it ended with status 0 */
  run(argv: readonly string[], input = ''): Promise<string> {
    return run(this.#entering(argv), input);
  }

  /** Runs to the end inside, whatever the status. */
  attempt(argv: readonly string[], input = ''): Promise<CommandResult> {
    return attempt(this.#entering(argv), input);
  }

  /** Several `ip` commands in one process, in order, ended by the first that fails. */
  async ip(commands: readonly string[]): Promise<void> {
    await this.run(['ip', '-batch', '-'], `${commands.join('\n')}\n`);
  }

  /** Starts a long-running process inside; what it prints goes to a log file. */
  async spawn(argv: readonly string[], options: SpawnOptions): Promise<LabProcess> {
    const logFile = join(this.#logDirectory, `${options.name}.log`);
    const env = { ...labEnvironment, ...options.env };
    return this.#track(await startProcess(this.#bound(argv), { output: { logFile }, env }));
  }

  /** Starts a long-running process inside whose input and outputs are pipes of the caller. */
  async open(argv: readonly string[]): Promise<LabProcess> {
    return this.#track(await startProcess(this.#bound(argv), { output: 'pipes', env: labEnvironment }));
  }

  /** Every process inside but the holder, also those that its processes started and left behind. */
  pids(): readonly number[] {
    const found = new Set([...this.#processes].filter((each) => each.running).map((each) => each.pid));
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        if (readlinkSync(`/proc/${entry}/ns/net`) === this.#identity) found.add(Number(entry));
      } catch {
        // ended meanwhile, or not ours to see
      }
    }
    found.delete(this.#holder.pid);
    found.delete(process.pid);
    return [...found];
  }

  /**
   * SIGKILL to every process inside, in one go.
   * @param known pids looked up beforehand, where microseconds count @param spared pids of the lab's own instruments
   */
  killAll(known: readonly number[] = [], spared: ReadonlySet<number> = new Set()): void {
    for (const pid of known) kill(pid, spared);
    for (const pid of this.pids()) kill(pid, spared);
  }

  /** Resolves when the processes that we started here have ended, but for the spared ones. */
  async allEnded(spared: ReadonlySet<number> = new Set()): Promise<void> {
    const awaited = [...this.#processes].filter((each) => !spared.has(each.pid));
    await Promise.all(awaited.map((each) => each.ended));
  }

  /** Ends everything inside and the namespace itself; what is in it (links, addresses) goes with it. */
  async dispose(): Promise<void> {
    this.killAll();
    await this.allEnded();
    this.#holder.child.ref(); // now this process has to stay for it
    this.#holder.signal('SIGKILL');
    await this.#holder.ended;
  }

  /** The same without waiting, for the last moments of this process. */
  disposeNow(): void {
    this.killAll();
    this.#holder.signal('SIGKILL');
  }

  #entering(argv: readonly string[]): readonly string[] {
    return ['nsenter', '-t', String(this.#holder.pid), '--net', '--', ...argv];
  }

  /** The kernel ends it when this process ends, also by SIGKILL: setpriv asks for that, sh sees whether it came too late. */
  #bound(argv: readonly string[]): readonly string[] {
    const unlessOrphaned = ['sh', '-c', 'test "$PPID" = "$0" && exec "$@"', String(process.pid)];
    return this.#entering(['setpriv', '--pdeathsig', 'KILL', '--', ...unlessOrphaned, ...argv]);
  }

  #track(started: LabProcess): LabProcess {
    this.#processes.add(started);
    void started.ended.then(() => this.#processes.delete(started));
    return started;
  }
}

function kill(pid: number, spared: ReadonlySet<number>): void {
  if (spared.has(pid)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it ended by itself
  }
}

/** @throws Error where the kernel gives no namespace */
export async function openNamespace(name: string, logDirectory: string): Promise<Namespace> {
  const holder = await startProcess(['unshare', '--net', 'sh', '-c', 'echo ready; exec cat'], {
    output: 'pipes',
    env: labEnvironment,
  });
  await firstOutput(holder);
  // A lab that is forgotten must not keep a program from ending; its end removes the lab.
  holder.child.unref();
  for (const stream of [holder.child.stdout, holder.child.stderr]) if (stream instanceof Socket) stream.unref();
  return new Namespace(name, holder, logDirectory);
}

function firstOutput(holder: LabProcess): Promise<void> {
  const { stdout, stderr } = holder.child;
  return new Promise((resolve, reject) => {
    let complaint = '';
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    stdout?.once('data', () => resolve());
    holder.child.once('close', () => reject(new Error(`Cannot make a network namespace: ${complaint.trim()}`)));
  });
}
