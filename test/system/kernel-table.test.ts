import { describe, expect, it, vi } from 'vitest';
import { KernelTable } from '../../agent/system/kernel-table.ts';
import { NetlinkError } from '../../agent/system/netlink-error.ts';
import type { RouteResult, RouteSocket } from '../../agent/system/route-socket.ts';
import type { NetlinkMessage } from '../../agent/wire/netlink.ts';

const set = 1;
const unset = 2;

/** A kernel with a table of one-byte keys and values; a dump is answered when the test says so, as the table then is. */
class FakeKernel implements RouteSocket {
  readonly table = new Map<number, number>();
  readonly #dumps: ((result: RouteResult) => void)[] = [];
  #notify: (message: NetlinkMessage) => void = () => {};
  #lose: () => void = () => {};

  get dumpsAsked(): number {
    return this.#dumps.length;
  }

  change(key: number, value: number | null): void {
    if (value === null) this.table.delete(key);
    else this.table.set(key, value);
    this.#notify(message(value === null ? unset : set, key, value ?? 0));
  }

  /** As `change`, but the notification is lost. */
  changeUnheard(key: number, value: number): void {
    this.table.set(key, value);
  }

  lose(): void {
    this.#lose();
  }

  async answerDump(): Promise<void> {
    this.#dumps.shift()?.({ kind: 'done', messages: [...this.table].map(([key, value]) => message(set, key, value)) });
    await Promise.resolve().then(() => Promise.resolve());
  }

  async refuseDump(): Promise<void> {
    this.#dumps.shift()?.({ kind: 'failed', error: new NetlinkError({ operation: 'list', code: 'EPERM' }) });
    await Promise.resolve().then(() => Promise.resolve());
  }

  dump(): Promise<RouteResult> {
    return new Promise((resolve) => this.#dumps.push(resolve));
  }

  onNotification(listener: (message: NetlinkMessage) => void): () => void {
    this.#notify = listener;
    return () => {};
  }

  onResync(listener: () => void): () => void {
    this.#lose = listener;
    return () => {};
  }

  request(): Promise<RouteResult> {
    throw new Error('a table only dumps');
  }

  requests(): Promise<readonly RouteResult[]> {
    throw new Error('a table only dumps');
  }

  orders(): Promise<never> {
    throw new Error('a table only dumps');
  }

  close(): void {}
}

function message(type: number, key: number, value: number): NetlinkMessage {
  return { type, flags: 0, sequence: 0, portId: 0, body: Uint8Array.of(key, value) };
}

function setUp() {
  const kernel = new FakeKernel();
  const table = new KernelTable<{ readonly key: number; readonly value: number }>(kernel, {
    dump: { type: 0, flags: 0, body: new Uint8Array(), operation: 'list' },
    read({ type, body }) {
      const [key = 0, value = 0] = body;
      return type === set
        ? { kind: 'present', key: String(key), value: { key, value } }
        : { kind: 'absent', key: String(key) };
    },
    same: (a, b) => a.value === b.value,
  });
  const told: string[] = [];
  table.onChange(({ kind, value }) => told.push(`${kind} ${value.key}=${value.value}`));
  const values = () => Object.fromEntries(table.values().map(({ key, value }) => [key, value]));
  return { kernel, table, told, values };
}

describe('KernelTable', () => {
  it('open(): what changes during the dump is in the table', async () => {
    const { kernel, table, values } = setUp();
    kernel.table.set(1, 10).set(2, 20);
    const opened = table.open();
    const asItWas = new Map(kernel.table);
    kernel.change(1, null);
    kernel.change(2, 21);
    kernel.change(3, 30);
    // The kernel walked its table before the changes were made.
    kernel.table.clear();
    for (const [key, value] of asItWas) kernel.table.set(key, value);
    await kernel.answerDump();
    expect(await opened).toBeNull();
    expect(values()).toEqual({ 2: 21, 3: 30 });
  });

  it('open(): says why the kernel refuses', async () => {
    const { kernel, table } = setUp();
    const opened = table.open();
    await kernel.refuseDump();
    expect((await opened)?.message).toBe('Cannot list: EPERM (needs CAP_NET_ADMIN)');
  });

  it('onChange(): tells what a dump after lost notifications finds, and nothing else', async () => {
    const { kernel, table, told, values } = setUp();
    kernel.table.set(1, 10).set(2, 20).set(3, 30);
    const opened = table.open();
    await kernel.answerDump();
    await opened;
    told.length = 0;
    kernel.table.delete(1);
    kernel.changeUnheard(2, 21);
    kernel.changeUnheard(4, 40);
    kernel.lose();
    await kernel.answerDump();
    expect(told).toEqual(['removed 1=10', 'changed 2=21', 'added 4=40']);
    expect(values()).toEqual({ 2: 21, 3: 30, 4: 40 });
  });

  it('open(): notifications lost during the dump make it dump again', async () => {
    const { kernel, table, values } = setUp();
    const opened = table.open();
    kernel.lose();
    await kernel.answerDump();
    kernel.changeUnheard(5, 50);
    expect(kernel.dumpsAsked).toBe(1);
    await kernel.answerDump();
    await opened;
    expect(values()).toEqual({ 5: 50 });
  });

  it('onChange(): a dump that the kernel refuses is tried again', async () => {
    vi.useFakeTimers();
    try {
      const { kernel, table, values } = setUp();
      const opened = table.open();
      await kernel.answerDump();
      await opened;
      kernel.changeUnheard(6, 60);
      kernel.lose();
      await kernel.refuseDump();
      await vi.advanceTimersByTimeAsync(1000);
      await kernel.answerDump();
      expect(values()).toEqual({ 6: 60 });
      table.close();
    } finally {
      vi.useRealTimers();
    }
  });
});
