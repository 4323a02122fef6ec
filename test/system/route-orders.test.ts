import { describe, expect, it } from 'vitest';
import { RouteOrders } from '../../agent/system/route-orders.ts';
import type { RouteRequest } from '../../agent/system/route-requests.ts';
import { decodeMessages, encodeMessage, netlinkFlags, netlinkTypes } from '../../agent/wire/netlink.ts';

const eperm = -1;

/** A kernel that acknowledges where it is asked to, and refuses the requests whose body is one of `refused`. */
class FakeKernel {
  readonly orders = new RouteOrders((datagram) => this.#receive(datagram));
  readonly refused = new Set<number>();
  readonly datagrams: number[] = [];
  answers = 0;
  /** It takes orders, and says nothing. */
  silent = false;

  #receive(datagram: Uint8Array): void {
    const decoded = decodeMessages(datagram);
    if (decoded.kind === 'refused') throw new Error(decoded.reason);
    this.datagrams.push(decoded.messages.length);
    if (this.silent) return;
    for (const { body, flags, sequence } of decoded.messages) {
      const refused = this.refused.has(numberIn(body));
      if (!refused && (flags & netlinkFlags.acknowledge) === 0) continue;
      this.answers += 1;
      const error = new Uint8Array(new Int32Array([refused ? eperm : 0, 0, 0, 0, 0]).buffer);
      const answer = encodeMessage({ type: netlinkTypes.error, flags: 0, sequence, portId: 1, body: error });
      setImmediate(() => this.orders.receive(answer)); // a socket's callback comes later
    }
  }
}

function numberIn(body: Uint8Array): number {
  return (body[0] ?? 0) + 256 * (body[1] ?? 0);
}

function numbered(count: number): readonly RouteRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ type: 20, flags: 0, operation: `renew ${at}` },
    body: Uint8Array.of(at & 255, at >> 8, 0, 0),
  }));
}

describe('RouteOrders', () => {
  it('orders(): a thousand in eight system calls and eight answers', async () => {
    const kernel = new FakeKernel();
    expect(await kernel.orders.orders(numbered(1000))).toEqual(new Array(1000).fill(null));
    expect(kernel.datagrams).toEqual([128, 128, 128, 128, 128, 128, 128, 104]);
    expect(kernel.answers).toBe(8);
  });

  it('orders(): each failure is of its own order, the last of a datagram as well', async () => {
    const kernel = new FakeKernel();
    for (const at of [0, 127, 128, 299]) kernel.refused.add(at);
    const results = await kernel.orders.orders(numbered(300));
    const failed = results.flatMap((error, at) => (error === null ? [] : [[at, error.message]]));
    expect(failed.map(([at]) => at)).toEqual([0, 127, 128, 299]);
    expect(failed[1]?.[1]).toMatch(/^Cannot renew 127: EPERM/);
  });

  it('orders(): those of two callers do not mix', async () => {
    const kernel = new FakeKernel();
    kernel.refused.add(2);
    const [first, second] = await Promise.all([kernel.orders.orders(numbered(2)), kernel.orders.orders(numbered(3))]);
    expect(first.map((error) => error?.code ?? null)).toEqual([null, null]);
    expect(second.map((error) => error?.code ?? null)).toEqual([null, null, 'EPERM']);
  });

  it('close(): what is open fails, and what comes later', async () => {
    const kernel = new FakeKernel();
    kernel.silent = true;
    const open = kernel.orders.orders(numbered(2));
    await new Promise((resolve) => setImmediate(resolve));
    kernel.orders.close();
    expect((await open).map((error) => error?.code)).toEqual(['ECANCELED', 'ECANCELED']);
    expect((await kernel.orders.orders(numbered(1)))[0]?.code).toBe('ECANCELED');
  });
});
