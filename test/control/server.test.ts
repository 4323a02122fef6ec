import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../agent/control/client.ts';
import type { ControlReply, ControlRequest } from '../../agent/control/protocol.ts';
import {
  type ControlLimits,
  type ControlServer,
  controlLimits,
  openControlServer,
} from '../../agent/control/server.ts';

let directory: string;
let path: string;
const servers: ControlServer[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-control-'));
  path = join(directory, 'control.sock');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
  rmSync(directory, { recursive: true });
});

async function serve(
  handle: (request: ControlRequest) => Promise<ControlReply>,
  limits: Partial<ControlLimits> = {},
): Promise<ControlServer> {
  const server = await openControlServer({ path, handle, limits: { ...controlLimits, ...limits } });
  servers.push(server);
  return server;
}

/** A client that does as it is told; `received` is all it was sent, `closed` settles when the server is done with it. */
function open(): {
  socket: Socket;
  received: () => string;
  closed: Promise<string>;
  line: (n: number) => Promise<string>;
} {
  const socket = connect({ path, allowHalfOpen: true });
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('error', () => {}); // a reset is one of the ways to be cut off
  const closed = new Promise<string>((resolve) => {
    socket.on('end', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  return {
    socket,
    received: () => text,
    closed,
    async line(n) {
      while (text.split('\n').length <= n) await new Promise((resolve) => socket.once('data', resolve));
      return text.split('\n')[n - 1] ?? '';
    },
  };
}

/** The server closed it, whether it shows as an end or as a reset. */
function gone(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

const balanced: ControlReply = { ok: true, kind: 'balance', moves: [] };
const balance = '{"kind":"balance"}\n';

/** Large, so that it does not fit into a socket's buffers. */
function moves(bytes: number): ControlReply {
  return { ok: true, kind: 'balance', moves: [{ set: 'x', from: null, to: 'e1', reason: 'r'.repeat(bytes) }] };
}

describe('openControlServer()', () => {
  it('makes a socket that only owner and group may open, whatever the umask, and leaves the umask alone', async () => {
    const before = process.umask(0);
    try {
      await serve(async () => balanced);
      expect(process.umask()).toBe(0);
      expect(statSync(path).mode & 0o777).toBe(0o660);
    } finally {
      process.umask(before);
    }
  });

  it('replaces the socket of an agent that died', async () => {
    const first = await openControlServer({ path, handle: async () => balanced });
    // Moved aside while it is closed: what remains is a socket file with nobody behind it.
    renameSync(path, `${path}.kept`);
    await first.close();
    renameSync(`${path}.kept`, path);
    await expect(request(path, { kind: 'balance' }, 1_000)).rejects.toThrow('ECONNREFUSED');

    await serve(async () => balanced);
    expect(await request(path, { kind: 'balance' }, 5_000)).toEqual(balanced);
  });

  it('does not remove what is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(serve(async () => balanced)).rejects.toThrow(
      `Cannot open the control socket ${path}: something that is not a socket is there: remove it, or give another path`,
    );
    expect(statSync(path).size).toBe(8);
  });

  it('names a directory that is not there', async () => {
    path = join(directory, 'absent', 'control.sock');
    await expect(serve(async () => balanced)).rejects.toThrow(
      /^Cannot open the control socket .*: its directory is not there$/,
    );
  });

  it('names a path that the kernel cannot take, and makes nothing', async () => {
    path = join(directory, 'x'.repeat(107));
    await expect(serve(async () => balanced)).rejects.toThrow(/the kernel takes 1 to 107/);
    expect(existsSync(path)).toBe(false);
  });

  it('removes the file and ends every client on close()', async () => {
    const server = await serve(() => new Promise(() => {}));
    const idle = open();
    const waiting = open();
    waiting.socket.write(balance);
    await Promise.all([once(idle.socket, 'connect'), once(waiting.socket, 'connect')]);
    await server.close();
    await server.close();
    expect(await idle.closed).toBe('');
    expect(await waiting.closed).toBe('');
    expect(existsSync(path)).toBe(false);
  });
});

describe('a client', () => {
  it('gets its answers in the order asked, one handled at a time', async () => {
    let running = 0;
    let turn = 0;
    await serve(async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      turn += 1;
      return { ok: false, error: String(turn) };
    });
    const client = open();
    client.socket.end(balance.repeat(10));
    const replies = (await client.closed).trim().split('\n');
    expect(replies).toEqual(Array.from({ length: 10 }, (_, i) => `{"ok":false,"error":"${i + 1}"}`));
  });

  it('is answered after it closed its sending side, then ended', async () => {
    await serve(async () => balanced);
    const client = open();
    client.socket.end(balance);
    expect(await client.closed).toBe(`${JSON.stringify(balanced)}\n`);
  });

  it('keeps its connection after a request that is refused', async () => {
    await serve(async () => balanced);
    const client = open();
    client.socket.write('{"kind":"dance"}\n');
    expect(await client.line(1)).toBe(
      '{"ok":false,"error":"unknown kind \\"dance\\": this agent answers status, balance, move, unpin, drain, undrain, freeze, thaw, abandon, reload, announce, restart"}',
    );
    client.socket.write(balance);
    expect(await client.line(2)).toBe(JSON.stringify(balanced));
  });

  it('is told what made the handler fail', async () => {
    await serve(async () => {
      throw new Error('no view');
    });
    expect(await request(path, { kind: 'balance' }, 5_000)).toEqual({ ok: false, error: 'no view' });
  });

  it('that asks is not held up by one whose request takes long', async () => {
    await serve((asked) =>
      asked.kind === 'balance' ? new Promise(() => {}) : Promise.resolve({ ok: false, error: 'now' }),
    );
    const slow = open();
    slow.socket.write(balance);
    await once(slow.socket, 'connect');
    expect(await request(path, { kind: 'status' }, 5_000)).toEqual({ ok: false, error: 'now' });
  });
});

describe('a hostile client', () => {
  /** The server is unharmed: it answers somebody else. */
  async function stillAnswers(): Promise<void> {
    expect(await request(path, { kind: 'balance' }, 5_000)).toMatchObject({ ok: true });
  }

  it('that sends a line without an end is told the bound and cut off, though it sends on', async () => {
    await serve(async () => balanced, { lingerMs: 200 });
    const client = open();
    const garbage = Buffer.alloc(64 * 1024, 0x7b);
    const sendOn = (): void => {
      while (client.socket.writable && client.socket.write(garbage));
    };
    client.socket.on('drain', sendOn);
    sendOn();
    await gone(client.socket);
    expect(client.received()).toBe('{"ok":false,"error":"a request is longer than 65536 bytes"}\n');
    await stillAnswers();
  });

  it('that sends binary garbage is told so line by line', async () => {
    await serve(async () => balanced);
    const client = open();
    client.socket.end(Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0x01, 0x0a]));
    expect((await client.closed).split('\n').slice(0, 2)).toEqual([
      '{"ok":false,"error":"the request is not UTF-8"}',
      '{"ok":false,"error":"the request is not a JSON object on one line, such as {\\"kind\\":\\"status\\"}"}',
    ]);
    await stillAnswers();
  });

  it('that sends half a line and leaves is forgotten', async () => {
    await serve(async () => balanced, { clientsMax: 1 });
    const client = open();
    client.socket.end('{"kind":');
    expect(await client.closed).toBe('');
    await stillAnswers();
  });

  it('that never reads is cut off once it has asked too much, and costs one reply', async () => {
    let handled = 0;
    await serve(
      async () => {
        handled += 1;
        return moves(4 * 1024 * 1024);
      },
      { requestsWaitingMax: 4, lingerMs: 50 },
    );
    const client = connect(path); // without a 'data' handler nothing is read
    sockets.push(client);
    const cutOff = gone(client);
    const ask = (): void => {
      client.write(balance, () => {
        if (client.writable) setImmediate(ask);
      });
    };
    ask();
    await cutOff;
    expect(handled).toBe(1);
    await stillAnswers();
  });

  it('that asks without waiting is told the bound after the answers it is owed', async () => {
    await serve(async () => balanced, { requestsWaitingMax: 4 });
    const client = open();
    client.socket.write(balance.repeat(50));
    const replies = (await client.closed).trim().split('\n');
    expect(replies).toEqual([
      ...Array(4).fill(JSON.stringify(balanced)),
      '{"ok":false,"error":"more than 4 requests wait for an answer: read the replies"}',
    ]);
  });

  it('that leaves in the middle of a reply hurts nobody', async () => {
    await serve(async () => moves(4 * 1024 * 1024));
    const client = open();
    client.socket.write(balance);
    await once(client.socket, 'data');
    client.socket.destroy();
    await stillAnswers();
  });

  it('that leaves before its reply frees its place', async () => {
    let answer = (_: ControlReply): void => {};
    const asked = new Promise<void>((resolve) => {
      void serve(
        () => {
          resolve();
          return new Promise((settle) => {
            answer = settle;
          });
        },
        { clientsMax: 1 },
      ).then(() => open().socket.end(balance));
    });
    await asked;
    sockets[0]?.destroy();
    answer(balanced);
    const next = request(path, { kind: 'balance' }, 5_000);
    await expect
      .poll(async () => {
        answer(balanced);
        return Promise.race([next, undefined]);
      })
      .toBeDefined();
  });

  it('in a crowd above the bound is refused with the reason, the others are served', async () => {
    await serve(async () => balanced);
    const crowd = Array.from({ length: 100 }, open);
    for (const client of crowd) client.socket.write(balance);
    const answers = await Promise.all(crowd.map((client) => Promise.race([client.closed, client.line(1)])));
    const served = answers.filter((text) => text.includes('"ok":true')).length;
    const refused = answers.filter((text) => text.includes('more than 64 clients are connected')).length;
    expect(served).toBe(64);
    expect(refused).toBe(16);
    for (const client of crowd) client.socket.destroy();
    await expect.poll(() => request(path, { kind: 'balance' }, 5_000).catch(() => undefined)).toEqual(balanced);
  });

  it('that keeps connections open and asks nothing gives way to who comes later', async () => {
    await serve(async () => balanced, { clientsMax: 3, idleMsMin: 0 });
    const idle = Array.from({ length: 3 }, open);
    await Promise.all(idle.map((client) => once(client.socket, 'connect')));
    await stillAnswers();
    await idle[0]?.closed;
    expect(idle.slice(1).every((client) => !client.socket.readableEnded)).toBe(true);
  });
});
