/** Starts the TCP service on hosts and the TCP prober in the client's namespace, and talks with it. */
import { createInterface } from 'node:readline';
import { builtFile } from './built.ts';
import { monotonicMs } from './clock.ts';
import { within } from './deadline.ts';
import type { Namespace } from './namespace.ts';
import type { LabProcess } from './process.ts';
import type { TcpProberCommand, TcpProberMessage, TcpReport } from './tcp-protocol.ts';

export type TcpProbing = {
  begin(): void;
  /** Ends it now; the report comes when the fate of the last probe is known, and the prober ends. */
  end(): Promise<TcpReport>;
};

/** Resolves when it listens, on all addresses the host has and will have. */
export async function startTcpAnswerer(namespace: Namespace): Promise<LabProcess> {
  const answerer = await namespace.open([process.execPath, builtFile('tcp-answerer.js')]);
  const listening = new Promise<void>((resolve) => answerer.child.stdout?.once('data', () => resolve()));
  await within(
    10_000,
    `the TCP service of ${namespace.name}`,
    Promise.race([listening, died('TCP service', answerer)]),
  );
  return answerer;
}

/** Resolves when the kept connection answers. @throws Error where none can be made */
export async function startTcpProbing(namespace: Namespace, address: string): Promise<TcpProbing> {
  const prober = await namespace.open([process.execPath, builtFile('tcp-prober.js'), address]);
  const failed = died('TCP prober', prober);
  failed.catch(() => {}); // whoever waits for something of it sees it
  let onStarted = (): void => {};
  let onReport = (_: TcpReport): void => {};
  const started = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  const reported = new Promise<TcpReport>((resolve) => {
    onReport = resolve;
  });
  if (prober.child.stdout === null) throw new Error('Cannot read what the TCP prober says: no pipe');
  createInterface({ input: prober.child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as TcpProberMessage; // our own program
    if (message.kind === 'started') onStarted();
    else onReport(message.report);
  });
  prober.child.stdin?.on('error', () => {}); // EPIPE: it ended; `failed` says so
  const command = (value: TcpProberCommand): void => {
    prober.child.stdin?.write(`${JSON.stringify(value)}\n`);
  };
  await within(10_000, `a TCP connection to ${address}`, Promise.race([started, failed]));
  return {
    begin: () => command({ kind: 'begin', atMs: monotonicMs() }),
    async end() {
      command({ kind: 'end', atMs: monotonicMs() });
      try {
        return await within(10_000, 'the report of the TCP prober', Promise.race([reported, failed]));
      } finally {
        prober.child.stdin?.end(); // it ends with its input
        await within(5_000, 'the TCP prober to end', prober.ended);
      }
    },
  };
}

async function died(what: string, started: LabProcess): Promise<never> {
  let complaint = '';
  started.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const { status, signal } = await started.ended;
  throw new Error(`The ${what} ended (${signal ?? status}): ${complaint.trim()}`);
}
