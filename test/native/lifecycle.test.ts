import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type NativeSocket, openNetlink, openUnixDatagram } from '#native';
import { report, runChild } from './child.ts';

const ignore = { onMessage() {}, onError() {} };
const netlinkOptions = { protocol: 0, groups: [1], extendedAck: true, strictChecking: true, receiveBufferBytes: 0 };

describe('the end of a thread', () => {
  it('worker.terminate(): 50 workers in full traffic, three at a time, leave nothing behind', async () => {
    expect(await report('terminate-workers', ['50', '3'])).toEqual({ started: 50, statuses: [1], filesLeft: 0 });
  });

  const endings = [
    { ending: 'unreferenced', status: 0, stderr: '' },
    { ending: 'exit-in-handler', status: 7, stderr: '' },
    { ending: 'throw-in-handler', status: 1, stderr: 'thrown by the handler' },
    { ending: 'collected-unclosed', status: 0, stderr: '' },
    { ending: 'collected-closed', status: 0, stderr: '' },
  ];

  it.each(endings)('$ending: the process ends with status $status', async ({ ending, status, stderr }) => {
    const result = await runChild('endings', [ending], { nodeFlags: ['--expose-gc'] });
    expect(result).toMatchObject({ status, signal: null, stderr: expect.stringContaining(stderr) });
  });

  it.each(endings)('$ending: so does a worker, and its process lives', async ({ ending, status, stderr }) => {
    const result = await runChild('endings', ['in-worker', ending], { nodeFlags: ['--expose-gc'] });
    expect(result).toMatchObject({ status, signal: null, stderr: expect.stringContaining(stderr) });
  });
});

describe('handlers', () => {
  it('onMessage(): what it throws is an uncaught exception, and the next message comes', async () => {
    const events = (await report('uncaught')) as readonly string[];
    expect(events.filter((event) => !event.startsWith('tick'))).toEqual([
      'message first',
      'uncaughtException: thrown at first',
      'message second',
      'uncaughtException: thrown at second',
      'message last',
    ]);
    // Where a handler threw, Node runs its ticks later, as after any uncaught exception.
    expect(new Set(events.filter((event) => event.startsWith('tick')))).toEqual(
      new Set(['tick of first', 'tick of second', 'tick of last']),
    );
  });

  it('onMessage(): ticks and microtasks of one message run before the next message', async () => {
    const path = `\0holdfast-ticks-${process.pid}`;
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      const socket = openUnixDatagram(
        { path },
        {
          onMessage(data) {
            events.push(`message ${data}`);
            process.nextTick(() => events.push(`tick ${data}`));
            void Promise.resolve().then(() => {
              events.push(`microtask ${data}`);
              if (data.toString() === '2') resolve(socket.close());
            });
          },
          onError() {},
        },
      );
      for (const text of ['1', '2']) socket.send(Buffer.from(text), { path });
    });
    expect(events).toEqual(['message 1', 'tick 1', 'microtask 1', 'message 2', 'tick 2', 'microtask 2']);
  });

  it('close(): inside a handler, it ends delivery at once', async () => {
    const path = `\0holdfast-close-${process.pid}`;
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      const socket = openUnixDatagram(
        { path },
        {
          onMessage(data) {
            seen.push(data.toString());
            socket.close();
            socket.close();
            setImmediate(resolve);
          },
          onError() {},
        },
      );
      for (const text of ['one', 'two', 'three']) socket.send(Buffer.from(text), { path });
    });
    expect(seen).toEqual(['one']);
  });

  it('onMessage(): this is the handlers object', async () => {
    const path = `\0holdfast-this-${process.pid}`;
    class Handlers {
      received = '';
      readonly onDone: () => void;
      constructor(onDone: () => void) {
        this.onDone = onDone;
      }
      onMessage(data: Buffer) {
        this.received = data.toString();
        this.onDone();
      }
      onError() {}
    }
    await new Promise<void>((resolve) => {
      const handlers = new Handlers(() => {
        expect(handlers.received).toBe('x');
        resolve(socket.close());
      });
      const socket = openUnixDatagram({ path }, handlers);
      socket.send(Buffer.from('x'), { path });
    });
  });
});

describe('close()', () => {
  it.each([
    { kind: 'unix datagram', open: (): NativeSocket => openUnixDatagram({ path: '' }, ignore) },
    { kind: 'netlink', open: (): NativeSocket => openNetlink(netlinkOptions, ignore) },
    {
      kind: 'with handlers that are refused',
      open: (): NativeSocket => {
        // @ts-expect-error onError is missing: the socket was made by then
        expect(() => openUnixDatagram({ path: '' }, { onMessage() {} })).toThrow(TypeError);
        return openUnixDatagram({ path: '' }, ignore);
      },
    },
  ])('close(): 1,000 sockets, $kind, leave no open file', async ({ open }) => {
    const countFiles = (): number => readdirSync('/proc/self/fd').length;
    open().close();
    const before = countFiles();
    for (let count = 0; count < 1_000; count++) open().close();
    expect(countFiles()).toBe(before);
    await new Promise((resolve) => setImmediate(resolve)); // the handles' close callbacks
    expect(countFiles()).toBe(before);
  });
});
