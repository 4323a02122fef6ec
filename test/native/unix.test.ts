import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type MessageSource, type NativeError, type NativeSocket, openUnixDatagram } from '#native';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-native-'));
const ignore = { onMessage() {}, onError() {} };
const open: NativeSocket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

function listen(path: string) {
  const messages: { readonly text: string; readonly from: MessageSource }[] = [];
  const errors: NativeError[] = [];
  let wake = (): void => {};
  const socket = openUnixDatagram(
    { path },
    {
      onMessage(data, from) {
        messages.push({ text: data.toString(), from });
        wake();
      },
      onError(error) {
        errors.push(error);
        wake();
      },
    },
  );
  open.push(socket);
  /** Settles when `condition` holds; the test's own timeout bounds it. */
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        if (condition()) resolve();
      };
      wake();
    });
  return { socket, messages, errors, until };
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return (error as NativeError).code; // whatever it is, the expectation tells
  }
  return 'nothing thrown';
}

describe('openUnixDatagram', () => {
  const names = [
    { kind: 'path', one: join(directory, 'one'), other: join(directory, 'other') },
    { kind: 'abstract', one: `\0holdfast-${process.pid}-one`, other: `\0holdfast-${process.pid}-ot\0her` },
  ];

  it.each(names)('openUnixDatagram(): $kind names, both directions, with the sender', async ({ one, other }) => {
    const left = listen(one);
    const right = listen(other);
    left.socket.send(Buffer.from('to the other'), { path: other });
    await right.until(() => right.messages.length === 1);
    right.socket.send(Buffer.from('back'), { path: right.messages[0]?.from.address ?? '' });
    await left.until(() => left.messages.length === 1);
    const source = { interfaceIndex: 0, packetType: '' };
    expect(right.messages).toEqual([{ text: 'to the other', from: { ...source, address: one } }]);
    expect(left.messages).toEqual([{ text: 'back', from: { ...source, address: other } }]);
  });

  it('openUnixDatagram(): an unbound socket sends, and its messages have no address', async () => {
    const receiver = listen(join(directory, 'receiver'));
    const sender = listen('');
    sender.socket.send(Buffer.alloc(0), { path: join(directory, 'receiver') });
    await receiver.until(() => receiver.messages.length === 1);
    expect(receiver.messages).toEqual([{ text: '', from: { interfaceIndex: 0, packetType: '', address: '' } }]);
  });

  it('openUnixDatagram(): an abstract name is free as soon as close() returned', () => {
    const path = `\0holdfast-${process.pid}-again`;
    for (let count = 0; count < 3; count++) listen(path).socket.close();
  });

  it('onError(): a datagram above 256 KiB is EMSGSIZE, and the next one arrives', async () => {
    const path = join(directory, 'large');
    const receiver = listen(path);
    const script = [
      'import socket, sys',
      's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
      's.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400000)',
      's.sendto(b"x" * 300000, sys.argv[1])',
      's.sendto(b"small", sys.argv[1])',
    ];
    const python = spawn('python3', ['-c', script.join('\n'), path], { stdio: 'inherit' });
    expect(await once(python, 'close')).toEqual([0, null]);
    await receiver.until(() => receiver.messages.length > 0 && receiver.errors.length > 0);
    expect(receiver.errors.map(({ code, syscall }) => ({ code, syscall }))).toEqual([
      { code: 'EMSGSIZE', syscall: 'recvmsg' },
    ]);
    expect(receiver.messages.map(({ text }) => text)).toEqual(['small']);
  });

  it('send(): a receiver that does not read is EAGAIN, not a wait', () => {
    const path = join(directory, 'full');
    listen(path);
    const sender = listen('').socket;
    expect(
      codeOf(() => {
        for (let count = 0; count < 100_000; count++) sender.send(Buffer.from('x'), { path });
      }),
    ).toBe('EAGAIN');
  });

  it('send(): names that lead nowhere', () => {
    const gone = join(directory, 'gone');
    listen(gone).socket.close();
    const { socket } = listen('');
    const to = (path: string) => codeOf(() => socket.send(Buffer.from('x'), { path }));
    expect(to(gone)).toBe('ECONNREFUSED');
    expect(to(join(directory, 'never'))).toBe('ENOENT');
    expect(to('x'.repeat(108))).toBe('ENAMETOOLONG');
    expect(to(`\0${'x'.repeat(108)}`)).toBe('ENAMETOOLONG');
    expect(to(`\0${'x'.repeat(107)}`)).toBe('ECONNREFUSED');
    socket.close();
    expect(to(gone)).toBe('EBADF');
  });

  it('openUnixDatagram(): a name in use is EADDRINUSE', () => {
    const path = join(directory, 'taken');
    listen(path);
    expect(() => openUnixDatagram({ path }, ignore)).toThrow(
      expect.objectContaining({
        code: 'EADDRINUSE',
        errno: 98,
        syscall: 'bind',
        message: `Cannot bind unix datagram socket to ${path}: EADDRINUSE (Address already in use)`,
      }),
    );
  });
});
