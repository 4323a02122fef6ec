/** Engines as shipped, on loopback addresses, and waiting for what they say. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { BuiltInOptions } from '../../agent/channel/built-in-options.ts';
import type { Channel, ChannelEvent } from '../../agent/channel/channel.ts';
import type { NameService } from '../../agent/channel/names.ts';
import type { IpAddress } from '../../agent/config/config.ts';
import { type HostName, hostOf, type View } from '../../agent/membership/view.ts';

/** The worker only runs from what the compiler wrote. */
const compiled = new URL('../../dist/agent/channel/built-in.js', import.meta.url).href;
const { openBuiltInChannel } = (await import(compiled)) as typeof import('../../agent/channel/built-in.ts');

const deadlineMs = 10_000;

export type TestHost = { readonly name: string; readonly paths: readonly string[] };

export type Engine = {
  readonly channel: Channel;
  readonly events: ChannelEvent[];
  /** Resolves with the first event, past or to come, that fits. */
  until<T extends ChannelEvent>(fits: (event: ChannelEvent) => event is T): Promise<T>;
  /** The newest view or a later one, with exactly these hosts. */
  untilView(...hosts: string[]): Promise<View>;
};

export function groupOptions(hosts: readonly TestHost[], port: number): Omit<BuiltInOptions, 'self'> {
  return {
    group: 'test',
    keys: [randomBytes(32)],
    heartbeatMs: 20,
    detectMs: 100,
    hangMs: 500,
    takeover: 'answered',
    port,
    discovery: { kind: 'hosts' },
    peers: [],
    hosts: hosts.map(({ name, paths }) => ({
      name: hostName(name),
      paths: paths as readonly IpAddress[],
      weight: 100,
      witness: false,
    })),
  };
}

export async function openEngine(
  options: Omit<BuiltInOptions, 'self'>,
  self: string,
  names?: NameService,
): Promise<Engine> {
  const events: ChannelEvent[] = [];
  const waiting = new Set<() => void>();
  const onEvent = (event: ChannelEvent): void => {
    events.push(event);
    for (const look of [...waiting]) look();
  };
  const channel = await openBuiltInChannel({ ...options, self: hostName(self) }, onEvent, names);

  function until<T extends ChannelEvent>(fits: (event: ChannelEvent) => event is T): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`${self}: not within ${deadlineMs} ms; events: ${JSON.stringify(events)}`));
      }, deadlineMs);
      const look = (): void => {
        const found = events.find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  }

  async function untilView(...hosts: string[]): Promise<View> {
    const wanted = hosts.join();
    const newest = Math.max(
      0,
      events.findLastIndex((event) => event.kind === 'view'),
    );
    const { view } = await until(
      (event): event is ChannelEvent & { kind: 'view' } =>
        event.kind === 'view' && events.indexOf(event) >= newest && event.view.members.map(hostOf).join() === wanted,
    );
    return view;
  }

  return { channel, events, until, untilView };
}

/**
 * An engine in a process of its own, which can be killed, and told how many ms to hang; its messages are its events.
 * @param built the module to open it with: another version of the program has another
 */
export function startProcess(options: Omit<BuiltInOptions, 'self'>, self: string, built = compiled): ChildProcess {
  const keys = options.keys.map((key) => [...key]);
  const script = fileURLToPath(new URL('./engine-process.mjs', import.meta.url));
  return spawn(process.execPath, [script, built, JSON.stringify({ ...options, self, keys })], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
}

export function hostName(name: string): HostName {
  return name as HostName; // tests write names that are valid
}
