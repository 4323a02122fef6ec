/** Starts the prober in a namespace and talks with it. */
import { createInterface } from 'node:readline';
import { builtFile } from './built.ts';
import { monotonicMs } from './clock.ts';
import { within } from './deadline.ts';
import type { Namespace } from './namespace.ts';
import {
  type LiveProbe,
  outageMsMin,
  type PhaseReport,
  type ProberCommand,
  type ProberMessage,
} from './probe-protocol.ts';

/** V8's helper threads have no priority, and the one that probes would wait for them; nor does it wait for a compiler, which took 10 ms now and then. */
const nodeOptions = ['--single-threaded', '--no-opt', '--always-sparkplug'];

export type ProbeOptions = {
  readonly addresses: readonly string[];
  /** Between two probes of one address; default 1. */
  readonly intervalMs?: number;
  /** A probe that is not answered within this is lost; default 1000. */
  readonly timeoutMs?: number;
};

export type Probing = {
  /** The newest state of every address, several times a second. */
  readonly live: readonly LiveProbe[];
  /**
   * Resolves when every address answers and none is silent (for longer than `silentMsMax`, default 5). Before the first answers the client may still be asking for the
   * MAC; it asks again only after a second, which would be measured as a silence.
   */
  allAnswering(deadlineMs: number, silentMsMax?: number): Promise<void>;
  /** Counts apart what is sent from now on. */
  begin(phase: string): void;
  /** Ends the phase now; the report comes when the fate of its last probe is known. */
  end(phase: string): Promise<PhaseReport>;
  stop(): Promise<void>;
};

/** Resolves when the first probes are sent. @throws Error where the prober cannot run */
export async function startProbing(namespace: Namespace, options: ProbeOptions): Promise<Probing> {
  const { addresses, intervalMs = 1, timeoutMs = 1000 } = options;
  const prober = await namespace.open([process.execPath, ...nodeOptions, builtFile('prober.js')]);
  const awaited = new Map<string, (report: PhaseReport) => void>();
  let live: readonly LiveProbe[] = [];
  const listeners = new Set<() => void>();
  let onStarted = (): void => {};
  let complaint = '';
  const command = (value: ProberCommand): void => {
    prober.child.stdin?.write(`${JSON.stringify(value)}\n`);
  };
  const onMessage = (message: ProberMessage): void => {
    switch (message.kind) {
      case 'started':
        onStarted();
        return;
      case 'live':
        live = message.addresses;
        for (const listener of listeners) listener();
        return;
      case 'phase':
        awaited.get(message.report.phase)?.(message.report);
        awaited.delete(message.report.phase);
        return;
    }
  };
  if (prober.child.stdout === null) throw new Error('Cannot read what the prober says: no pipe');
  createInterface({ input: prober.child.stdout }).on('line', (line) => onMessage(JSON.parse(line) as ProberMessage)); // our own program
  prober.child.stdin?.on('error', () => {}); // EPIPE: it ended; `failed` says so
  prober.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const failed = prober.ended.then<never>(({ status, signal }) => {
    throw new Error(`Cannot probe: the prober ended (${signal ?? status}): ${complaint.trim()}`);
  });
  failed.catch(() => {}); // whoever waits for something of it sees it
  const started = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  command({ kind: 'start', addresses, intervalMs, timeoutMs });
  await within(10_000, 'the prober to start', Promise.race([started, failed]));
  return {
    get live() {
      return live;
    },
    async allAnswering(deadlineMs, silentMsMax = outageMsMin) {
      let listener = (): void => {};
      const answering = new Promise<void>((resolve) => {
        listener = () => {
          if (live.every((each) => each.answered > 0 && each.silentMs < silentMsMax)) resolve();
        };
        listeners.add(listener);
      });
      const first = Promise.race([answering, failed]);
      await within(deadlineMs, 'every address to answer', first).finally(() => listeners.delete(listener));
    },
    begin: (phase) => command({ kind: 'begin', phase, atMs: monotonicMs() }),
    end(phase) {
      const report = new Promise<PhaseReport>((resolve) => awaited.set(phase, resolve));
      command({ kind: 'end', phase, atMs: monotonicMs() });
      return within(timeoutMs + 5_000, `the report of ${phase}`, Promise.race([report, failed]));
    },
    async stop() {
      command({ kind: 'stop' });
      await within(5_000, 'the prober to end', prober.ended);
    },
  };
}
