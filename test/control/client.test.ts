import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../agent/control/client.ts';
import { ControlError } from '../../agent/control/error.ts';

let directory: string;
let path: string;
let server = createServer();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-client-'));
  path = join(directory, 'control.sock');
});

afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

/** A server that is no agent: it does with each connection what the test says. */
async function listen(onConnection: (socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(path);
  await once(server, 'listening');
}

async function failureOf(timeoutMs = 5_000): Promise<ControlError> {
  const error: unknown = await request(path, { kind: 'status' }, timeoutMs).catch((reason: unknown) => reason);
  if (!(error instanceof ControlError)) throw new Error(`not a ControlError: ${String(error)}`);
  return error;
}

describe('request()', () => {
  it('says how to start an agent where no socket is', async () => {
    const error = await failureOf();
    expect(error.failure).toBe('no-agent');
    expect(error.message).toBe(
      `No agent answers on ${path} (ENOENT): see \`systemctl status holdfast\`, start it with \`systemctl start holdfast\``,
    );
  });

  it('refuses a path that the kernel would cut short', async () => {
    path = `/tmp/${'x'.repeat(200)}`;
    expect((await failureOf()).message).toMatch(/its path has 205 bytes, the kernel takes 1 to 107/);
  });

  it('gives up on a server that says nothing', async () => {
    await listen(() => {});
    const error = await failureOf(50);
    expect([error.failure, error.message]).toEqual([
      'no-answer',
      `The agent on ${path} does not answer: nothing came within 0.05 s; see \`journalctl -u holdfast\``,
    ]);
  });

  it('gives up on a server that closes in the middle of the reply', async () => {
    await listen((socket) => socket.end('{"ok":true,"kind":"sta'));
    const error = await failureOf();
    expect([error.failure, error.message]).toEqual([
      'no-answer',
      `The agent on ${path} does not answer: it closed the connection; see \`journalctl -u holdfast\``,
    ]);
  });

  it.each(['HTTP/1.1 400 Bad Request\n', '{"ok":true,"kind":"balance","moves":[]}\n', '{"ok":false}\n', 'null\n'])(
    'does not take %j for a reply to a status request',
    async (text) => {
      await listen((socket) => socket.end(text));
      expect((await failureOf()).failure).toBe('bad-answer');
    },
  );

  it('puts a reply together that comes in pieces, through the middle of a character', async () => {
    const bytes = Buffer.from('{"ok":false,"error":"Gerät"}\n');
    await listen((socket) => {
      const send = (at: number): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(send, at + 1));
      };
      send(0);
    });
    expect(await request(path, { kind: 'status' }, 5_000)).toEqual({ ok: false, error: 'Gerät' });
  });

  it('names the group that may ask, to one who may not', async () => {
    await listen(() => {});
    chmodSync(directory, 0o755);
    const asRoot = process.geteuid?.() === 0;
    chmodSync(path, asRoot ? 0o660 : 0o000); // root may always: it steps down for as long as it asks
    if (asRoot) chownSync(path, 0, 1); // group daemon, the same number on every Linux
    if (asRoot) process.seteuid?.(65534);
    const error = await failureOf().finally(() => asRoot && process.seteuid?.(0));
    expect(error.failure).toBe('denied');
    expect(error.message).toMatch(
      asRoot
        ? /: run this as root or as a member of group daemon \(usermod -aG daemon USER, then log in anew\)$/
        : /: run this as root or as a member of group \S+ /,
    );
  });
});
