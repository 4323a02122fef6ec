/** Packet captures for independent dissectors. */
import { createInterface } from 'node:readline';
import { monotonicMs } from './clock.ts';
import { DeadlineError, within } from './deadline.ts';
import type { Namespace } from './namespace.ts';

const writeDeadlineMs = 5_000;
/** Seconds of what a busy lab sends, where tcpdump gets no CPU for a while. */
const bufferKib = '8192';
/** A frame as it is on the wire. The buffer has room for as many of them as fit: with tcpdump's own 256 KiB, for 32. */
const snapshotBytes = '2048';

export type Capture = {
  readonly file: string;
  /** Ends it; resolves when every captured frame is in the file. */
  stop(): Promise<void>;
};

/** Captures on an interface of a namespace into a pcap file; resolves when it listens. @param filter tcpdump's; '' takes all */
export async function startCapture(
  namespace: Namespace,
  interfaceName: string,
  filter: string,
  file: string,
): Promise<Capture> {
  const tcpdump = [
    'tcpdump',
    '-i',
    interfaceName,
    '--immediate-mode',
    '-B',
    bufferKib,
    '-s',
    snapshotBytes,
    '-U',
    '-n',
    '-Z',
    'root',
    '-w',
    file,
  ];
  const dump = await namespace.open(filter === '' ? tcpdump : [...tcpdump, filter]);
  const said: string[] = [];
  const listeners = new Set<(line: string) => void>();
  if (dump.child.stderr !== null) {
    createInterface({ input: dump.child.stderr }).on('line', (line) => {
      said.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const died = dump.ended.then<never>(() => {
    throw new Error(`Cannot capture on ${interfaceName}: ${said.slice(-3).join(' ')}`);
  });
  died.catch(() => {}); // whoever waits for a line sees it
  const line = async (pattern: RegExp): Promise<RegExpExecArray> => {
    let listener = (_: string): void => {};
    const matched = new Promise<RegExpExecArray>((resolve) => {
      listener = (text) => {
        const match = pattern.exec(text);
        if (match !== null) resolve(match);
      };
      listeners.add(listener);
    });
    const what = `tcpdump to say ${pattern}`;
    return within(5_000, what, Promise.race([matched, died])).finally(() => listeners.delete(listener));
  };
  const count = async (): Promise<{ readonly done: number; readonly received: number }> => {
    const counted = line(/(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped/);
    dump.signal('SIGUSR1');
    const [, captured, received, dropped] = await counted;
    return { done: Number(captured) + Number(dropped), received: Number(received) };
  };
  await line(/listening on/);
  // Received before the filter was there, and passed over: on a busy segment some hundred.
  const { done: atOnce, received: early } = await count();
  return {
    file,
    async stop() {
      // Ended by SIGINT alone it leaves unread what the kernel has already captured for it. Meanwhile more may come.
      const wanted = (await count()).received - (early - atOnce);
      const lateMs = monotonicMs() + writeDeadlineMs;
      for (let { done } = await count(); done < wanted; { done } = await count()) {
        if (monotonicMs() <= lateMs) continue;
        throw new DeadlineError(`tcpdump to write what it captured, ${wanted} frames and not ${done}`, writeDeadlineMs);
      }
      dump.signal('SIGINT');
      await within(5_000, 'tcpdump to end', dump.ended);
    },
  };
}
