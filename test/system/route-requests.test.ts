import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type RouteRequest, RouteRequests } from '../../agent/system/route-requests.ts';
import { concatBytes } from '../../agent/wire/bytes.ts';
import {
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  netlinkFlags,
  netlinkTypes,
} from '../../agent/wire/netlink.ts';
import { routeTypes } from '../../agent/wire/rtnetlink.ts';

const einval = 22;

/**
 * A kernel that answers as rtnetlink does, in the send call: acknowledges where it is asked to, tells of what it refuses (an empty body),
 * dumps in two parts, and says of the first `interrupted` dumps that they were.
 */
class FakeKernel {
  readonly requests: RouteRequests;
  readonly datagrams: number[] = [];
  interrupted = 0;
  dumps = 0;
  readonly #answers: Uint8Array[] = [];

  /** @param atOnce whether it may be read in the turn in which it was asked */
  constructor(atOnce = false) {
    const answered = atOnce ? (answersMax: number) => this.deliver(answersMax) : undefined;
    this.requests = new RouteRequests((datagram) => this.#receive(datagram), answered);
  }

  /** What waits in the socket is read. */
  deliver(answersMax = Number.POSITIVE_INFINITY): void {
    for (let read = 0; read < answersMax && this.#answers.length > 0; read++) {
      this.requests.receive(this.#answers.shift() ?? new Uint8Array());
    }
  }

  #receive(datagram: Uint8Array): void {
    const decoded = decodeMessages(datagram);
    if (decoded.kind === 'refused') throw new Error(decoded.reason);
    this.datagrams.push(decoded.messages.length);
    for (const message of decoded.messages) {
      if ((message.flags & netlinkFlags.dump) === netlinkFlags.dump) this.#dump(message);
      else if (message.body.length === 0) this.#answers.push(answer(message, netlinkTypes.error, 0, errorBody(einval)));
      else if ((message.flags & netlinkFlags.acknowledge) !== 0)
        this.#answers.push(answer(message, netlinkTypes.error, 0, errorBody(0)));
    }
  }

  #dump(request: NetlinkMessage): void {
    this.dumps += 1;
    const flags = netlinkFlags.multi | (this.interrupted > 0 ? netlinkFlags.dumpInterrupted : 0);
    this.interrupted -= 1;
    const part = (content: number) => answer(request, routeTypes.newLink, netlinkFlags.multi, Uint8Array.of(content));
    // The kernel may say it in the last message only.
    this.#answers.push(concatBytes([part(1), part(2)]), answer(request, netlinkTypes.done, flags, new Uint8Array(4)));
  }
}

function errorBody(errno: number): Uint8Array {
  const body = new Uint8Array(20);
  new DataView(body.buffer).setInt32(0, -errno, endianness() === 'LE');
  return body;
}

function answer(request: NetlinkMessage, type: number, flags: number, body: Uint8Array): Uint8Array {
  return encodeMessage({ type, flags, sequence: request.sequence, portId: 1, body });
}

/** Reads what waits until `result` is there; each dump asks anew only when the last was read. */
async function settled<T>(kernel: FakeKernel, result: Promise<T>): Promise<T> {
  const done = result.then(() => true);
  while (!(await Promise.race([done, new Promise<boolean>((resolve) => setImmediate(resolve, false))])))
    kernel.deliver();
  return result;
}

const request: RouteRequest = { type: routeTypes.getLink, flags: 0, body: new Uint8Array(8), operation: 'list' };
const refused: RouteRequest = { ...request, body: new Uint8Array(), operation: 'add' };

describe('RouteRequests', () => {
  it('requests(): a thousand in few system calls, though answers come one by one', async () => {
    const kernel = new FakeKernel();
    const body = new Uint8Array(8);
    const many = Array.from({ length: 1000 }, (): RouteRequest => ({ type: 20, flags: 0, body, operation: 'add' }));
    const results = await settled(kernel, kernel.requests.requests(many));
    expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(1000);
    expect(kernel.datagrams.length).toBe(8);
    expect(Math.max(...kernel.datagrams)).toBeLessThanOrEqual(128);
  });

  it('requests(): many in one datagram, a bounded number unanswered', async () => {
    const kernel = new FakeKernel();
    const results = await settled(kernel, kernel.requests.requests(new Array(300).fill(request)));
    expect(results.map(({ kind }) => kind)).toEqual(new Array(300).fill('done'));
    expect(kernel.datagrams[0]).toBe(128);
    expect(Math.max(...kernel.datagrams)).toBe(128);
  });

  it('requests(): each failure is its own, and the others are done', async () => {
    const kernel = new FakeKernel();
    const asked = [request, refused, request, refused, request];
    const failed = { kind: 'failed', error: { message: 'Cannot add: EINVAL' } };
    const done = { kind: 'done', messages: [] };
    expect(await settled(kernel, kernel.requests.requests(asked))).toMatchObject([done, failed, done, failed, done]);
    expect(await settled(kernel, kernel.requests.requests([request, refused]))).toMatchObject([done, failed]);
    const [dump, results] = [kernel.requests.dump(request), kernel.requests.requests([refused, request])];
    expect(await settled(kernel, results)).toMatchObject([failed, done]);
    expect(await settled(kernel, dump)).toMatchObject({ kind: 'done', messages: [{}, {}] });
  });

  it('dump(): one that was interrupted is asked for again', async () => {
    const kernel = new FakeKernel();
    kernel.interrupted = 2;
    const result = await settled(kernel, kernel.requests.dump(request));
    expect(kernel.dumps).toBe(3);
    expect(result).toMatchObject({ kind: 'done', messages: [{ body: Uint8Array.of(1) }, { body: Uint8Array.of(2) }] });
  });

  it('dump(): one that is interrupted for ever fails', async () => {
    const kernel = new FakeKernel();
    kernel.interrupted = Number.POSITIVE_INFINITY;
    expect(await settled(kernel, kernel.requests.dump(request))).toMatchObject({
      kind: 'failed',
      error: { message: 'Cannot list: EINTR (it kept changing while it was read)' },
    });
  });

  it('dump(): one at a time', async () => {
    const kernel = new FakeKernel();
    const both = Promise.all([kernel.requests.dump(request), kernel.requests.dump(request)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.dumps).toBe(1);
    expect((await settled(kernel, both)).map(({ kind }) => kind)).toEqual(['done', 'done']);
  });

  it('dump() and requests(): what the kernel has answered is read before the next turn of the loop', async () => {
    const kernel = new FakeKernel(true);
    const read = kernel.requests.dump(request).then(() => kernel.requests.requests([request, request]));
    const late = new Promise((resolve) => setImmediate(() => resolve('late')));
    expect(await Promise.race([read, late])).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
  });

  it('requests(): a socket that refuses is a failure with its code', async () => {
    const requests = new RouteRequests(() => {
      throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    });
    expect(await requests.requests([request])).toMatchObject([
      { kind: 'failed', error: { message: 'Cannot list: EAGAIN' } },
    ]);
  });

  it('close(): what is open fails, and what comes after', async () => {
    const kernel = new FakeKernel();
    const open = kernel.requests.requests(new Array(200).fill(request));
    kernel.requests.close();
    expect(new Set((await open).map((result) => result.kind === 'failed' && result.error.code))).toEqual(
      new Set(['ECANCELED']),
    );
    expect(await kernel.requests.requests([request])).toMatchObject([{ kind: 'failed' }]);
  });
});
