/**
 * Watches the addresses of hosts by what their kernels say over netlink, never by what agents say. Loopback is left out.
 *
 * A host without power has no kernel: from `powerLost` to `powerBack` it holds nothing, whatever its namespace still has.
 */
import { createInterface } from 'node:readline';
import { type AddressLine, parseAddressLine } from './address-monitor.ts';
import { monotonicMs, wallToMonotonicMs } from './clock.ts';
import { within } from './deadline.ts';
import type { HoldingEvent } from './holdings.ts';
import { addressesOf } from './kernel-addresses.ts';
import type { Namespace } from './namespace.ts';
import type { LabProcess } from './process.ts';

/** On lo, so nobody's: when the monitor tells of it, everything before it was told. */
const marker = '127.77.77.77';

/** It dates what it reads, when it reads it: it goes before what it watches, also before agents of real-time priority, where permitted. */
const monitorScript = 'chrt --rr --pid 20 $$ 2> /dev/null; TZ=UTC exec ip -ts -o -rcvbuf 8388608 monitor address';

type Watched = {
  readonly namespace: Namespace;
  readonly monitor: LabProcess;
  /** address -> `interface/prefixLength` it is there with. Bounded by what the kernel holds. */
  readonly present: Map<string, Set<string>>;
  powered: boolean;
  onMarker: (() => void) | null;
};

export class AddressWatch {
  readonly #hosts = new Map<string, Watched>();
  /** UNBOUNDED: grows with every change for as long as the watch lives; bounded by the caller's scenario. */
  readonly #events: HoldingEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #wallToMonotonicMs = wallToMonotonicMs();
  /** Complaints of the monitors (e.g. a netlink overrun): where there are any, the timeline cannot be trusted. */
  readonly problems: string[] = [];

  /** Every change since the watch began, and at its beginning what was there. */
  get events(): readonly HoldingEvent[] {
    return this.#events;
  }

  /** Hosts whose kernel has the address now, sorted. */
  holders(address: string): readonly string[] {
    const holding = [...this.#hosts].filter(([, host]) => host.powered && host.present.has(address));
    return holding.map(([name]) => name).sort();
  }

  /** Addresses that a host's kernel has now. */
  heldBy(name: string): readonly string[] {
    const host = this.#hosts.get(name);
    return host?.powered ? [...host.present.keys()] : [];
  }

  /** Calls back after every change. @returns how to end it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when `condition` holds, looked at after every change. @throws DeadlineError */
  async until(what: string, deadlineMs: number, condition: () => boolean): Promise<void> {
    let stop = (): void => {};
    const met = new Promise<void>((resolve) => {
      const look = (): void => {
        if (condition()) resolve();
      };
      stop = this.onChange(look);
      look();
    });
    await within(deadlineMs, what, met).finally(() => stop());
  }

  /** The lab's instruments: they outlive a power cut. */
  get monitorPids(): readonly number[] {
    return [...this.#hosts.values()].map((host) => host.monitor.pid);
  }

  async add(namespace: Namespace): Promise<void> {
    const monitor = await namespace.open(['sh', '-c', monitorScript]);
    const host: Watched = { namespace, monitor, present: new Map(), powered: true, onMarker: null };
    this.#hosts.set(namespace.name, host);
    readLines(monitor.child.stdout, (line) => this.#onLine(host, line));
    readLines(monitor.child.stderr, (line) => this.problems.push(`${namespace.name}: ${line}`));
    await this.#settle(host);
    const atMs = monotonicMs();
    for (const each of await addressesOf(namespace)) {
      if (each.interface === 'lo') continue;
      this.#apply(host, { ...each, kind: 'held' }, atMs);
    }
  }

  /** Resolves when everything that happened in the kernels before the call is in `events`. */
  async sync(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => this.#settle(host)));
  }

  /** The host's power went at `atMs`: it holds nothing from then on. */
  powerLost(name: string, atMs: number): void {
    const host = this.#hosts.get(name);
    if (host === undefined) return;
    for (const address of host.present.keys()) this.#events.push({ atMs, host: name, address, kind: 'gone' });
    host.powered = false;
    this.#changed();
  }

  /** The host has power again; its kernel counts from now on. */
  async powerBack(name: string): Promise<void> {
    const host = this.#hosts.get(name);
    if (host === undefined) return;
    await this.#settle(host);
    host.powered = true;
    const atMs = monotonicMs();
    for (const address of host.present.keys()) this.#events.push({ atMs, host: name, address, kind: 'held' });
    this.#changed();
  }

  close(): void {
    for (const host of this.#hosts.values()) host.monitor.signal('SIGKILL');
    this.#listeners.clear();
  }

  /** Moves the marker until the monitor tells of it: the first ones may come before it has subscribed. */
  async #settle(host: Watched): Promise<void> {
    let seen = false;
    const told = new Promise<void>((resolve) => {
      host.onMarker = () => {
        seen = true;
        resolve();
      };
    });
    const move = async (): Promise<void> => {
      while (!seen) {
        await host.namespace.attempt(['ip', 'addr', 'replace', `${marker}/32`, 'dev', 'lo']);
        await host.namespace.attempt(['ip', 'addr', 'del', `${marker}/32`, 'dev', 'lo']);
      }
    };
    const moved = move();
    const ended = host.monitor.ended.then(() => {
      seen = true;
      throw new Error(
        `Cannot watch the addresses of ${host.namespace.name}: ip monitor ended: ${this.problems.join('; ')}`,
      );
    });
    await within(10_000, `ip monitor on ${host.namespace.name} to tell of an address`, Promise.race([told, ended]));
    host.onMarker = null;
    await moved;
  }

  #onLine(host: Watched, text: string): void {
    const line = parseAddressLine(text);
    if (line === null) return;
    if (line.address === marker) host.onMarker?.();
    if (line.interface === 'lo') return;
    this.#apply(host, line, Math.min(line.wallMs + this.#wallToMonotonicMs, monotonicMs()));
  }

  #apply(host: Watched, line: Omit<AddressLine, 'wallMs'>, atMs: number): void {
    const { address, kind } = line;
    const where = `${line.interface}/${line.prefixLength}`;
    const places = host.present.get(address) ?? new Set();
    const before = places.size > 0;
    if (kind === 'held') places.add(where);
    else places.delete(where);
    if (places.size > 0) host.present.set(address, places);
    else host.present.delete(address);
    if (before === places.size > 0 || !host.powered) return;
    this.#events.push({ atMs, host: host.namespace.name, address, kind });
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', onLine);
}
