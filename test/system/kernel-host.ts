/** One host with a kernel's network stack of its own: our code in it, and independent tools beside. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { InterfaceName, IpAddress } from '../../agent/config/config.ts';
import { within } from '../../agent/lab/deadline.ts';
import { type Namespace, openNamespace } from '../../agent/lab/namespace.ts';
import type { LabProcess } from '../../agent/lab/process.ts';
import type { PlacedAddress } from '../../agent/system/address-requests.ts';
import type { AddressChange } from '../../agent/system/address-watch.ts';
import type {
  AddResult,
  LifetimeOptions,
  ListResult,
  RemoveResult,
  RenewResult,
} from '../../agent/system/addresses.ts';
import type { AnnouncedAddress, AnnouncingLink } from '../../agent/system/announcement.ts';
import type { PlacedAnnouncement } from '../../agent/system/announcer.ts';
import type { ProbeResult } from '../../agent/system/arping.ts';
import type { Link, LinkChange } from '../../agent/system/links.ts';
import { parseMac, zeroMac } from '../../agent/wire/mac-address.ts';
import type { KernelAddress } from '../../agent/wire/rtnetlink-address.ts';

/** Errors arrive as their name, code and message. */
type Calls = {
  add(addresses: readonly PlacedAddress[], lifetime: LifetimeOptions): readonly AddResult[];
  renew(addresses: readonly PlacedAddress[], lifetime: LifetimeOptions): readonly RenewResult[];
  renewAfterDump(addresses: readonly PlacedAddress[], lifetime: LifetimeOptions, batch: string): readonly RenewResult[];
  renewHeld(addresses: readonly PlacedAddress[], lifetime: LifetimeOptions, batch: string): readonly RenewResult[];
  notificationsHeard(): number;
  remove(addresses: readonly PlacedAddress[]): readonly RemoveResult[];
  list(): ListResult;
  hostAddresses(): ListResult;
  links(): readonly Link[];
  watched(): readonly KernelAddress[];
  refreshLink(index: number): unknown;
  announce(link: AnnouncingLink, addresses: readonly AnnouncedAddress[]): readonly unknown[];
  probe(link: AnnouncingLink, address: AnnouncedAddress, timeoutMs: number, from?: string): ProbeResult;
  probeAndClose(
    link: AnnouncingLink,
    address: AnnouncedAddress,
    timeoutMs: number,
  ): { readonly result: ProbeResult; readonly timersLeft: number };
  startAnnouncing(set: string, addresses: readonly PlacedAnnouncement[]): null;
  stopAnnouncing(set: string): null;
  missingCapabilities(): readonly string[];
  ipWhileBlocked(batch: string): number;
};

type Events = {
  ready: null;
  resync: null;
  link: LinkChange;
  address: AddressChange;
  /** By the announcer, counted from 1. */
  sent: { readonly frame: number };
  announcer: { readonly message: string };
};

type Event = { [Name in keyof Events]: { readonly event: Name; readonly value: Events[Name] } }[keyof Events];

export type KernelHostOptions = {
  readonly notificationBufferBytes?: number;
  /** Of announcements and questions on an interface. Default 2,000. */
  readonly framesPerSecond?: number;
  /** false: without packet sockets. */
  readonly arping?: boolean;
  /** Put before `node`: e.g. setpriv, to take privileges away. */
  readonly under?: readonly string[];
};

const deadlineMs = 10_000;

export class KernelHost {
  readonly namespace: Namespace;
  readonly #process: LabProcess;
  readonly #events: Event[] = [];
  readonly #replies = new Map<number, (value: unknown) => void>();
  readonly #listeners = new Set<(event: Event) => void>();
  #calls = 0;

  constructor(namespace: Namespace, process: LabProcess) {
    this.namespace = namespace;
    this.#process = process;
    if (process.child.stdout === null) throw new Error('the host has no output');
    createInterface({ input: process.child.stdout }).on('line', (line) => this.#receive(JSON.parse(line)));
  }

  call<Name extends keyof Calls>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>> {
    this.#calls += 1;
    const id = this.#calls;
    const reply = new Promise<unknown>((resolve) => this.#replies.set(id, resolve));
    this.#process.child.stdin?.write(`${JSON.stringify({ id, call: name, args })}\n`);
    // The fixture answers each call with what the function of its name gives.
    return within(deadlineMs, `an answer to ${name}`, reply) as Promise<ReturnType<Calls[Name]>>;
  }

  /** The first event of the kind that fits, past ones included. */
  event<Name extends keyof Events>(
    name: Name,
    fits: (value: Events[Name]) => boolean = () => true,
  ): Promise<Events[Name]> {
    const match = (event: Event) => event.event === name && fits(event.value as Events[Name]); // the name just checked
    const past = this.#events.find(match);
    if (past !== undefined) return Promise.resolve(past.value as Events[Name]);
    const coming = new Promise<Events[Name]>((resolve) => {
      const listener = (event: Event) => {
        if (!match(event)) return;
        this.#listeners.delete(listener);
        resolve(event.value as Events[Name]);
      };
      this.#listeners.add(listener);
    });
    return within(deadlineMs, `event ${name}`, coming);
  }

  /** From here on only new events count. */
  forgetEvents(): void {
    this.#events.length = 0;
  }

  get events(): readonly Event[] {
    return this.#events;
  }

  /** `ip -j …`, parsed. */
  async ipJson(...argv: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const text = await this.namespace.run(['ip', '-j', ...argv]);
    return text.trim() === '' ? [] : JSON.parse(text);
  }

  /** What `ip` says an interface has, in its own order, link-local addresses left out. */
  async addressesOf(interfaceName: string): Promise<readonly Record<string, unknown>[]> {
    const [link] = await this.ipJson('addr', 'show', 'dev', interfaceName);
    const infos = Array.isArray(link?.addr_info) ? link.addr_info : [];
    return infos.filter(({ scope }: { scope: string }) => scope === 'global');
  }

  async linkNamed(name: string): Promise<AnnouncingLink> {
    const link = (await this.call('links')).find((each) => each.name === name);
    if (link === undefined) throw new Error(`no link ${name}`);
    return { index: link.index, name, mac: link.mac ?? zeroMac };
  }

  #receive(message: Event | { readonly id: number; readonly value: unknown }): void {
    if ('id' in message) {
      this.#replies.get(message.id)?.(message.value);
      this.#replies.delete(message.id);
      return;
    }
    this.#events.push(message);
    for (const listener of [...this.#listeners]) listener(message);
  }
}

const script = fileURLToPath(new URL('fixtures/kernel-host.mjs', import.meta.url));

/** Our code, started in a namespace. */
export async function startKernelHost(namespace: Namespace, options: KernelHostOptions = {}): Promise<KernelHost> {
  const { under = [], ...rest } = options;
  const process = await namespace.open([...under, globalThis.process.execPath, script, JSON.stringify(rest)]);
  process.child.stderr?.pipe(globalThis.process.stderr);
  const host = new KernelHost(namespace, process);
  await host.event('ready');
  return host;
}

export const macs = {
  a: parseMac('02:00:00:00:00:0a') ?? zeroMac,
  b: parseMac('02:00:00:00:00:0b') ?? zeroMac,
} as const;

/** Two namespaces joined by a cable: `eth0` (index 2) in the first with 10.0.0.1/24 and fd00::1/64, `eth0` (index 3) in the second, `.2`. */
export async function openCable(): Promise<{ readonly a: Namespace; readonly b: Namespace; close(): Promise<void> }> {
  const [a, b] = await Promise.all([openNamespace('a', '/dev/null'), openNamespace('b', '/dev/null')]);
  // Equal indexes at both ends would make the kernel report a lost carrier late.
  await a.ip([
    `link add eth0 index 2 address ${macs.a} type veth peer name eth0 index 3 address ${macs.b} netns ${b.holderPid}`,
    'link set lo up',
    'link set eth0 up',
    'addr add 10.0.0.1/24 dev eth0',
    'addr add fd00::1/64 dev eth0 nodad',
  ]);
  await b.ip([
    'link set lo up',
    'link set eth0 up',
    'addr add 10.0.0.2/24 dev eth0',
    'addr add fd00::2/64 dev eth0 nodad',
  ]);
  return {
    a,
    b,
    async close() {
      await Promise.all([a.dispose(), b.dispose()]);
    },
  };
}

/** A virtual address on interface 2, `eth0`. */
export function placed(address: string, prefixLength: number): PlacedAddress {
  return {
    family: address.includes(':') ? 6 : 4,
    address: address as IpAddress, // written in canonical form in the tests
    prefixLength,
    interface: 'eth0' as InterfaceName, // as openCable names it
    interfaceIndex: 2,
  };
}
