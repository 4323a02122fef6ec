/**
 * A table of the kernel's, kept as the kernel has it: a dump, then notifications, and a dump again where some were lost.
 * Notifications that come during a dump are applied after it, in order: whatever the dump saw of them, the last one of each key
 * is the truth.
 */
import type { NetlinkMessage } from '../wire/netlink.ts';
import type { NetlinkError } from './netlink-error.ts';
import type { RouteRequest, RouteSocket } from './route-socket.ts';

export type TableChange<Value> =
  | { readonly kind: 'added'; readonly value: Value }
  | { readonly kind: 'changed'; readonly value: Value; readonly before: Value }
  | { readonly kind: 'removed'; readonly value: Value };

/** What a message says about the table, or null where it says nothing. */
export type TableEntry<Value> =
  | { readonly kind: 'present'; readonly key: string; readonly value: Value }
  | { readonly kind: 'absent'; readonly key: string };

export type TableSource<Value> = {
  readonly dump: RouteRequest;
  read(message: NetlinkMessage): TableEntry<Value> | null;
  /** Values that differ in nothing a listener could mind. */
  same(a: Value, b: Value): boolean;
};

/** Between two attempts to dump again, where the kernel refused. */
const retryMs = 1000;
/** Notifications kept during one dump; more, and the dump is begun anew. */
const heldBackMax = 10_000;

export class KernelTable<Value> {
  readonly #route: RouteSocket;
  readonly #source: TableSource<Value>;
  readonly #entries = new Map<string, Value>();
  readonly #listeners = new Set<(change: TableChange<Value>) => void>();
  readonly #subscriptions: (() => void)[] = [];
  /** Not null while a dump is under way. */
  #heldBack: NetlinkMessage[] | null = null;
  #dumpAgain = false;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(route: RouteSocket, source: TableSource<Value>) {
    this.#route = route;
    this.#source = source;
  }

  /** Resolves when the table is filled; null, or why it could not be. */
  async open(): Promise<NetlinkError | null> {
    this.#subscriptions.push(
      this.#route.onNotification((message) => this.#notice(message)),
      this.#route.onResync(() => this.#resync()),
    );
    const error = await this.#fill();
    if (error !== null) this.close();
    return error;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  values(): readonly Value[] {
    return [...this.#entries.values()];
  }

  /** Called after the table has changed, once for each change. Returns the function that ends it. */
  onChange(listener: (change: TableChange<Value>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Applies an answer that somebody asked the kernel for. */
  apply(message: NetlinkMessage): void {
    this.#notice(message);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#subscriptions.splice(0)) end();
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  #notice(message: NetlinkMessage): void {
    if (this.#heldBack === null) {
      this.#apply(message);
    } else if (this.#heldBack.length < heldBackMax) {
      this.#heldBack.push(message);
    } else {
      this.#heldBack = [];
      this.#dumpAgain = true;
    }
  }

  #resync(): void {
    if (this.#heldBack !== null) {
      this.#dumpAgain = true;
      return;
    }
    void this.#fill().then((error) => {
      if (error === null || this.#closed) return;
      this.#retry = setTimeout(() => this.#resync(), retryMs);
    });
  }

  async #fill(): Promise<NetlinkError | null> {
    this.#heldBack = [];
    let result = await this.#route.dump(this.#source.dump);
    while (this.#dumpAgain && result.kind === 'done') {
      this.#dumpAgain = false;
      result = await this.#route.dump(this.#source.dump);
    }
    const heldBack = this.#heldBack;
    this.#heldBack = null;
    if (this.#closed) return null;
    if (result.kind === 'failed') return result.error;
    this.#replace(result.messages);
    for (const message of heldBack) this.#apply(message);
    return null;
  }

  #replace(messages: readonly NetlinkMessage[]): void {
    const present = new Map<string, Value>();
    for (const message of messages) {
      const entry = this.#source.read(message);
      if (entry?.kind === 'present') present.set(entry.key, entry.value);
    }
    for (const key of [...this.#entries.keys()]) if (!present.has(key)) this.#remove(key);
    for (const [key, value] of present) this.#set(key, value);
  }

  #apply(message: NetlinkMessage): void {
    const entry = this.#source.read(message);
    if (entry?.kind === 'present') this.#set(entry.key, entry.value);
    if (entry?.kind === 'absent') this.#remove(entry.key);
  }

  #set(key: string, value: Value): void {
    const before = this.#entries.get(key);
    this.#entries.set(key, value);
    if (before === undefined) this.#tell({ kind: 'added', value });
    else if (!this.#source.same(before, value)) this.#tell({ kind: 'changed', value, before });
  }

  #remove(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#tell({ kind: 'removed', value });
  }

  #tell(change: TableChange<Value>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
