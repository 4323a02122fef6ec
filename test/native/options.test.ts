import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as native from '#native';

const ignore = { onMessage() {}, onError() {} };
const netlink = { protocol: 0, groups: [1], extendedAck: true, strictChecking: true, receiveBufferBytes: 0 };
const packet = { interfaceIndex: 1, etherType: 3, filter: [[6, 0, 0, 0]], outgoing: false };

type Call = (options: unknown, handlers?: unknown) => unknown;

/** The addon as JavaScript sees it: it has to refuse what the types would not let through. */
const untyped = native as unknown as Record<string, Call>;

const wrong: readonly (readonly [name: string, call: string, options: unknown, error: string, message: string])[] = [
  ['none', 'openNetlink', undefined, 'TypeError', 'openNetlink: the argument must be an object, got undefined'],
  [
    'a missing one',
    'openNetlink',
    { ...netlink, protocol: undefined },
    'TypeError',
    'openNetlink: protocol must be a whole number, got undefined',
  ],
  [
    'a fraction',
    'openNetlink',
    { ...netlink, protocol: 0.5 },
    'RangeError',
    'openNetlink: protocol must be a whole number from 0 to 31, got 0.5',
  ],
  [
    'a group',
    'openNetlink',
    { ...netlink, groups: [1, '5'] },
    'TypeError',
    'openNetlink: groups must be a whole number, got a string',
  ],
  [
    'an object for an array',
    'openNetlink',
    { ...netlink, groups: {} },
    'TypeError',
    'openNetlink: groups must be an array, got an object',
  ],
  [
    'truthy',
    'openNetlink',
    { ...netlink, extendedAck: 1 },
    'TypeError',
    'openNetlink: extendedAck must be a boolean, got a number',
  ],
  [
    'NaN',
    'openPacket',
    { ...packet, interfaceIndex: Number.NaN },
    'RangeError',
    'openPacket: interfaceIndex must be a whole number from 0 to 2147483647, got nan',
  ],
  [
    'a short filter row',
    'openPacket',
    { ...packet, filter: [[6, 0, 0]] },
    'TypeError',
    'openPacket: filter must be an array of [code, jt, jf, k] rows',
  ],
  [
    'a filter value',
    'openPacket',
    { ...packet, filter: [[6, 0, 256, 0]] },
    'RangeError',
    "openPacket: filter's jf must be a whole number from 0 to 255, got 256",
  ],
  [
    'a NUL in a path',
    'openUnixDatagram',
    { path: 'a\0b' },
    'TypeError',
    'openUnixDatagram: path must not contain a NUL after its first byte',
  ],
  ['no string', 'openUnixDatagram', { path: 5n }, 'TypeError', 'openUnixDatagram: path must be a string, got a bigint'],
  ['family 5', 'openRaw', { family: 5, protocol: 1, types: [] }, 'RangeError', 'openRaw: family must be 4 or 6, got 5'],
  [
    'types of what is not ICMP',
    'openRaw',
    { family: 6, protocol: 1, types: [0] },
    'TypeError',
    'openRaw: types must be empty unless protocol is ICMP of the family',
  ],
  ['an empty path', 'lockFile', { path: '' }, 'TypeError', 'lockFile: path must not be empty or contain a NUL'],
  [
    'priority 100',
    'setThreadRealtime',
    { priority: 100 },
    'RangeError',
    'setThreadRealtime: priority must be a whole number from 0 to 99, got 100',
  ],
  [
    'thread 0',
    'setThreadRealtime',
    { priority: 0, thread: 0 },
    'RangeError',
    'setThreadRealtime: thread must be a whole number from 1 to 2147483647, got 0',
  ],
  [
    'no program',
    'replaceProcess',
    { arguments: [] },
    'RangeError',
    'replaceProcess: arguments must begin with the program',
  ],
  [
    'a number among arguments',
    'replaceProcess',
    { arguments: ['/nowhere', 1] },
    'TypeError',
    'replaceProcess: arguments must be strings',
  ],
  [
    'a NUL in an argument',
    'replaceProcess',
    { arguments: ['/nowhere', 'a\0b'] },
    'TypeError',
    'replaceProcess: arguments must not contain a NUL',
  ],
];

describe('options', () => {
  it.each(wrong)('%s: %s refuses', (_, call, options, name, message) => {
    expect(() => untyped[call]?.(options, ignore)).toThrow(expect.objectContaining({ name, message }));
  });

  it.each([
    [undefined, 'handlers: the argument must be an object, got undefined'],
    [{ onMessage() {} }, 'handlers: onError must be a function, got undefined'],
    [{ onMessage: 'no', onError() {} }, 'handlers: onMessage must be a function, got a string'],
  ])('handlers: %j are refused', (handlers, message) => {
    expect(() => untyped.openUnixDatagram?.({ path: '' }, handlers)).toThrow(
      expect.objectContaining({ name: 'TypeError', message }),
    );
  });

  it('openNetlink(): what a getter throws comes through', () => {
    const options = {
      ...netlink,
      get groups(): never {
        throw new Error('from the getter');
      },
    };
    expect(() => untyped.openNetlink?.(options, ignore)).toThrow('from the getter');
  });

  it('every function: throws an Error at whatever it is given, and lives', () => {
    const names = ['openNetlink', 'openPacket', 'openUnixDatagram', 'openRaw', 'setThreadRealtime'] as const;
    const keys = [
      'protocol',
      'groups',
      'extendedAck',
      'interfaceIndex',
      'filter',
      'path',
      'family',
      'types',
      'priority',
    ];
    const junk = fc.anything({ withBigInt: true, withSparseArray: true, withTypedArray: true });
    // Without handlers nothing is opened, whatever the options; priorities are never numbers.
    const options = fc.oneof(junk, fc.dictionary(fc.constantFrom(...keys), fc.oneof(junk, fc.array(fc.integer()))));
    fc.assert(
      fc.property(fc.constantFrom(...names), options, (name, value) => {
        expect(() => untyped[name]?.(value)).toThrow(Error);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('send', () => {
  const target = { path: `\0holdfast-nobody-${process.pid}` };
  const socket = (): Record<string, Call> =>
    native.openUnixDatagram({ path: '' }, ignore) as unknown as Record<string, Call>;

  it.each([
    ['text', 'x', target, 'send: data must be a Uint8Array'],
    ['an ArrayBuffer', new ArrayBuffer(1), target, 'send: data must be a Uint8Array'],
    ['another view', new Uint16Array(1), target, 'send: data must be a Uint8Array'],
    ['no target', Buffer.from('x'), undefined, "send: a unix datagram socket needs a target's path"],
    ['an empty target', Buffer.from('x'), {}, 'send: path must be a string, got undefined'],
    ['null', Buffer.from('x'), null, 'send: the argument must be an object, got null'],
  ])('send(): %s is a TypeError', (_, data, to, message) => {
    const sender = socket();
    expect(() => sender.send?.(data, to)).toThrow(expect.objectContaining({ name: 'TypeError', message }));
    sender.close?.(undefined);
  });

  it('send(): a target that detaches the bytes sends none', async () => {
    const sender = socket();
    const data = new Uint8Array(1_000);
    const to = {
      get path(): string {
        structuredClone(data.buffer, { transfer: [data.buffer] });
        return target.path;
      },
    };
    const received = await new Promise<Buffer>((resolve, reject) => {
      const receiver = native.openUnixDatagram(target, {
        onMessage(message) {
          receiver.close();
          resolve(message);
        },
        onError: reject,
      });
      sender.send?.(data, to);
    });
    expect(received).toHaveLength(0);
    sender.close?.(undefined);
  });

  it('send(), close(): are methods of sockets only', () => {
    const sender = socket();
    const { send, close } = sender;
    for (const self of [undefined, {}, native.lockFile, Object.create(sender)]) {
      for (const method of [send, close]) {
        expect(() => method?.call(self, Buffer.from('x'))).toThrow('Illegal invocation: this is not a native socket');
      }
    }
    close?.call(sender, undefined);
  });
});
