/** Packet captures for independent dissectors. */
import { createInterface } from 'node:readline';
import { within } from './deadline.ts';
import type { Namespace } from './namespace.ts';

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
  const tcpdump = ['tcpdump', '-i', interfaceName, '--immediate-mode', '-U', '-n', '-Z', 'root', '-w', file];
  const dump = await namespace.open(filter === '' ? tcpdump : [...tcpdump, filter]);
  const said: string[] = [];
  const listeners = new Set<(line: string) => void>();
  if (dump.child.stderr !== null) {
    createInterface({ input: dump.child.stderr }).on('line', (line) => {
      said.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const line = async (pattern: RegExp): Promise<RegExpExecArray> => {
    let listener = (_: string): void => {};
    const matched = new Promise<RegExpExecArray>((resolve, reject) => {
      listener = (text) => {
        const match = pattern.exec(text);
        if (match !== null) resolve(match);
      };
      listeners.add(listener);
      void dump.ended.then(() => reject(new Error(`Cannot capture on ${interfaceName}: ${said.join(' ')}`)));
    });
    return within(5_000, `tcpdump to say ${pattern}`, matched).finally(() => listeners.delete(listener));
  };
  await line(/listening on/);
  return {
    file,
    async stop() {
      // Ended by SIGINT alone it leaves unread what the kernel has already captured for it.
      for (let written = false; !written; ) {
        const counted = line(/(\d+) packets? captured, (\d+) packets? received by filter/);
        dump.signal('SIGUSR1');
        const [, captured = '0', received = '0'] = await counted;
        written = Number(captured) >= Number(received);
      }
      dump.signal('SIGINT');
      await within(5_000, 'tcpdump to end', dump.ended);
    },
  };
}
