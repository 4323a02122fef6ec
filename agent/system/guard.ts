/**
 * This host's guard: a process of its own that outlives the agent, as docs/guard.md says. Started here, told what the agent
 * holds before it is in the kernel, fed from the main loop, and started again where it dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { InstantMs } from '../membership/view.ts';
import {
  decodeGuardAnswers,
  encodeGuardMessage,
  type GuardedAddress,
  type GuardMessage,
  guardedAddressesMax,
  type SealedObituary,
} from '../wire/guard-message.ts';
import { systemClock } from './clock.ts';

export type GuardOptions = {
  /** The control directory: one guard for each, by a lock. */
  readonly directory: string;
  readonly lifetimeSeconds: number | 'never';
  /** The others' patience: what another host announces while the main loop stands still for as long was taken over. */
  readonly detectMs: number;
  /** How long the main loop may stand still. Time in which it waits for a processor does not count. */
  readonly hangMs: number;
  /** Something an operator should know. */
  readonly onTrouble: (message: string) => void;
};

/** What tells an address of the kernel from another. */
export type AddressPlace = Pick<GuardedAddress, 'interfaceIndex' | 'address' | 'prefixLength'>;

/** The guard's own tick, a sixth of the patience. */
const tickMsMin = 5;
const tickMsMax = 50;
/** Without a sign of a process that is stopped: two thirds of the patience, so that the others hear of it before they miss it. */
const stoppedTicks = 4;
/** A guard that reads nothing has a full socket in the end. Whoever waits longer goes on without: a claim is worth more than its guard. */
const handedOverMs = 100;
/** An answer takes a fraction of a millisecond on a machine that is not busy. Nobody's claim waits for it. */
const answerMs = 2_000;
const startMs = 2_000;
/** It is started again at once, and then not more often than this. */
const restartIntervalMs = 1_000;
const endMs = 1_000;

const program = fileURLToPath(new URL('native/build/Release/holdfast-guard', packageRoot()));

export class Guard {
  readonly #options: GuardOptions;
  /** What the guard is to know, for a new one. UNBOUNDED: by the sets of the configuration. */
  readonly #held = new Map<string, Told>();
  #obituaries: readonly SealedObituary[] = [];
  #running: RunningGuard | null = null;
  /** Why it did not start the last time: said once. */
  #hindrance: string | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  #restart: NodeJS.Timeout | undefined;
  #ending = false;
  #starting: Promise<void> = Promise.resolve();
  /** Shows that the main loop runs; undefined: the agent starts. */
  #progress: (() => void) | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Resolves when there is one, or it was said why not: then it is tried again. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  /** The agent has started: from now on its main loop must show itself. Before that it may take its time, and holds nothing new. */
  up(): void {
    const show = (): void => this.#running?.tell({ kind: 'progress' });
    this.#progress ??= systemClock.every(progressIntervalMs(this.#options), show);
    show();
  }

  async #start(): Promise<void> {
    this.#startedAt = performance.now();
    const started = await startProcess(this.#options, () => this.#lost());
    if (typeof started === 'string') {
      if (started !== this.#hindrance) {
        this.#options.onTrouble(
          `the guard cannot be started: ${started}; without it the addresses of a killed agent expire`,
        );
      }
      this.#hindrance = started;
      this.#startAgain();
      return;
    }
    this.#hindrance = null;
    if (this.#ending) return started.end();
    this.#running = started;
    if (this.#progress !== undefined) started.tell({ kind: 'progress' });
    const now = systemClock.now();
    const held = [...this.#held.values()].map((told) => asOf(now, told));
    const answers = [...inChunks(held)].map((addresses) => started.ask({ kind: 'hold', addresses }));
    if (this.#obituaries.length > 0) answers.push(started.ask({ kind: 'obituary', obituaries: this.#obituaries }));
    await Promise.all(answers);
  }

  get pid(): number | null {
    return this.#running?.pid ?? null;
  }

  /** Resolves when the guard has it, read or to be read, whatever becomes of the agent: only then do they belong into the kernel. */
  async hold(addresses: readonly GuardedAddress[]): Promise<void> {
    const at = systemClock.now();
    for (const address of addresses) this.#held.set(keyOf(address), { address, at });
    await this.#ask('hold', addresses);
  }

  /** Once they are gone from the kernel. */
  async drop(addresses: readonly AddressPlace[]): Promise<void> {
    const known = addresses.flatMap((address) => this.#held.get(keyOf(address))?.address ?? []);
    for (const address of known) this.#held.delete(keyOf(address));
    await this.#ask('drop', known);
  }

  /** What to tell the group when this agent has died; replaces what was said before. */
  async prepare(obituaries: readonly SealedObituary[]): Promise<void> {
    this.#obituaries = obituaries;
    const done = await this.#running?.ask({ kind: 'obituary', obituaries });
    if (done === false)
      this.#options.onTrouble('the guard does not take the obituary: the others will miss heartbeats instead');
  }

  /** The agent is about to end for a restart, and its addresses stay for so long. @returns whether the guard has heard it */
  async keep(ms: number): Promise<boolean> {
    return (await this.#running?.ask({ kind: 'keep', ms })) ?? false;
  }

  /** The agent ends and has released everything: so does the guard. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#progress?.();
    clearTimeout(this.#restart);
    await this.#starting; // one that starts meanwhile ends as well
    await this.#running?.end();
  }

  /** What is in the socket outlives the agent, and the guard reads it to the end before it acts on a death: nobody waits for the answer. */
  async #ask(kind: 'hold' | 'drop', addresses: readonly GuardedAddress[]): Promise<void> {
    const running = this.#running;
    if (running === null || addresses.length === 0) return;
    const asked = [...inChunks(addresses)].map((some) => running.askLater({ kind, addresses: some }));
    void this.#confirmed(running, addresses.length, asked);
    await Promise.all(asked.map(({ handedOver }) => handedOver));
  }

  async #confirmed(running: RunningGuard, count: number, asked: readonly Asked[]): Promise<void> {
    const answers = await Promise.all(asked.map(({ answer }) => answer));
    if (answers.every((done) => done) || running !== this.#running) return;
    this.#options.onTrouble(`the guard did not confirm ${count} addresses: they are not guarded`);
  }

  #lost(): void {
    this.#running = null;
    if (this.#ending) return;
    this.#options.onTrouble('the guard died: another one is started');
    this.#startAgain();
  }

  #startAgain(): void {
    if (this.#ending) return;
    const delayMs = Math.max(0, this.#startedAt + restartIntervalMs - performance.now());
    this.#restart = setTimeout(() => void this.start(), delayMs);
  }
}

/** What the guard was told, and when. */
type Told = { readonly address: GuardedAddress; readonly at: InstantMs };

/** handedOver: it is in the socket, or that took too long. answer: whether it was done; false where none came in time. */
type Asked = { readonly handedOver: Promise<void>; readonly answer: Promise<boolean> };

/** One process. */
class RunningGuard {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (done: boolean) => void>();
  #received: Uint8Array = new Uint8Array(0);
  #sequence = 0;
  readonly #gone: Promise<void>;

  constructor(child: ChildProcess, socket: Socket, onGone: () => void) {
    this.#child = child;
    this.#socket = socket;
    socket.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    socket.on('error', () => {}); // EPIPE: its end says the same
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => {
        socket.destroy();
        for (const answer of this.#waiting.values()) answer(false);
        onGone();
        resolve();
      });
    });
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  tell(message: GuardMessage): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeGuardMessage(message, 0));
  }

  /** Whether it did what was asked; false where it did not answer in time. */
  ask(message: GuardMessage): Promise<boolean> {
    return this.askLater(message).answer;
  }

  askLater(message: GuardMessage): Asked {
    this.#sequence = (this.#sequence % 0xffff) + 1;
    const sequence = this.#sequence;
    let onWritten = (): void => {};
    const handedOver = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, handedOverMs);
      onWritten = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    const answer = this.#answerTo(sequence, answerMs, () => {
      this.#socket.write(encodeGuardMessage(message, sequence), onWritten); // told of a failure as well
    });
    if (this.#socket.destroyed) onWritten();
    return { handedOver, answer };
  }

  /** It says so when it has its lock and its sockets. */
  started(): Promise<boolean> {
    return this.#answerTo(0, startMs, () => {});
  }

  async end(): Promise<void> {
    this.tell({ kind: 'end' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    await this.#gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #answerTo(sequence: number, waitMs: number, write: () => void): Promise<boolean> {
    if (this.#socket.destroyed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(false), waitMs);
      const finish = (done: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(sequence);
        resolve(done);
      };
      this.#waiting.set(sequence, finish);
      write();
    });
  }

  #receive(bytes: Uint8Array): void {
    const decoded = decodeGuardAnswers(Buffer.concat([this.#received, bytes]));
    if (decoded.kind === 'refused') {
      this.kill(); // not our guard
      return;
    }
    this.#received = decoded.rest;
    for (const { sequence, done } of decoded.answers) this.#waiting.get(sequence)?.(done);
  }
}

/** In a session of its own, so that what ends the agent's does not end it. A string: why it did not start. */
async function startProcess(options: GuardOptions, onLost: () => void): Promise<RunningGuard | string> {
  const { directory, lifetimeSeconds, hangMs } = options;
  const tickMs = tickIntervalMs(options);
  const lifetime = lifetimeSeconds === 'never' ? 0 : lifetimeSeconds;
  const numbers = [tickMs, Math.ceil(hangMs), evidenceMs(options), stoppedTicks * tickMs, lifetime].map(String);
  let child: ChildProcess;
  try {
    child = spawn(program, [String(process.pid), directory, ...numbers], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      detached: true,
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error); // ENOMEM, for one; what Node expects comes as an event
  }
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
  const stdio: ChildProcess['stdio'] | undefined = child.stdio; // none where a descriptor was lacking
  const socket = stdio?.[3] as Socket | null | undefined; // 'pipe' makes a socket of it, both ways
  if (child.pid === undefined || socket === null || socket === undefined) return failed;
  let running = false;
  const guard = new RunningGuard(child, socket, () => {
    if (running) onLost();
  });
  child.unref();
  socket.unref();
  running = await guard.started();
  if (running) return guard;
  guard.kill();
  return child.exitCode === null
    ? `it did not answer within ${startMs / 1000} s`
    : `it ended with status ${child.exitCode}`;
}

function tickIntervalMs({ detectMs }: GuardOptions): number {
  return Math.min(tickMsMax, Math.max(tickMsMin, Math.floor(detectMs / 6)));
}

/** The others cannot have missed it sooner; below half of what counts as a hang it may be slow and in a handover. */
function evidenceMs({ detectMs, hangMs }: GuardOptions): number {
  return Math.ceil(Math.max(detectMs, hangMs / 2));
}

/** Twice the guard's tick: in the time after which a stopped process is killed there are two. */
function progressIntervalMs(options: GuardOptions): number {
  return 2 * tickIntervalMs(options);
}

/** For another guard: a fence that runs does not begin anew. */
function asOf(now: InstantMs, { address, at }: Told): GuardedAddress {
  return address.fixed ? { ...address, fenceMs: Math.max(1, Math.floor(address.fenceMs - (now - at))) } : address;
}

function keyOf({ interfaceIndex, address, prefixLength }: AddressPlace): string {
  return `${interfaceIndex} ${address}/${prefixLength}`;
}

function* inChunks(addresses: readonly GuardedAddress[]): Generator<readonly GuardedAddress[]> {
  for (let at = 0; at < addresses.length; at += guardedAddressesMax)
    yield addresses.slice(at, at + guardedAddressesMax);
}

/** From dist/agent/system or agent/system. */
function packageRoot(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);
}
