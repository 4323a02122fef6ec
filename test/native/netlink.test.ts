import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNetlink } from '#native';
import { report } from './child.ts';
import { dumpLinks, messageTypes, NLMSG_DONE, RTM_NEWLINK } from './children/rtnetlink.mjs';

const options = { protocol: 0, groups: [], extendedAck: true, strictChecking: true, receiveBufferBytes: 0 };

describe('openNetlink', () => {
  it('openNetlink(): the kernel answers a dump of the links, to the last message', async () => {
    const senders = new Set<string>();
    const types = await new Promise<readonly number[]>((resolve, reject) => {
      const seen: number[] = [];
      const socket = openNetlink(options, {
        onMessage(data, from) {
          senders.add(from.address);
          seen.push(...messageTypes(data));
          if (seen.at(-1) !== NLMSG_DONE) return;
          socket.close();
          resolve(seen);
        },
        onError: reject,
      });
      socket.send(dumpLinks());
    });
    expect(types.length).toBeGreaterThan(1);
    expect(new Set(types.slice(0, -1))).toEqual(new Set([RTM_NEWLINK]));
    expect([...senders]).toEqual(['0']);
  });

  it('receive(): what is there is delivered before it returns, and no more of it than was asked for', () => {
    const received: number[] = [];
    const socket = openNetlink(options, { onMessage: (data) => received.push(data.length), onError() {} });
    socket.receive(1);
    expect(received).toEqual([]);
    for (let dumps = 0; dumps < 2; dumps++) {
      socket.send(dumpLinks());
      socket.receive(1);
      expect(received).toHaveLength(1);
      socket.receive(256); // to the end: the kernel does one at a time
      expect(received.length).toBeGreaterThan(1);
      received.length = 0;
    }
    for (const count of [0, 257, '1']) expect(() => socket.receive(count as number)).toThrow(TypeError);
    socket.close();
    socket.receive(1);
  });

  it('openNetlink(): two sockets have port ids of their own', () => {
    const handlers = { onMessage() {}, onError() {} };
    const sockets = [openNetlink(options, handlers), openNetlink(options, handlers)];
    const [one, other] = sockets.map((socket) => socket.portId);
    for (const socket of sockets) socket.close();
    expect(one).toBeGreaterThan(0);
    expect(other).toBeGreaterThan(0);
    expect(one).not.toBe(other);
  });

  it('onError(): lost messages are reported as ENOBUFS, once, and later ones arrive', async () => {
    const result = await report('netlink-overrun', [], { isolated: true });
    expect(result).toEqual({
      errors: [
        {
          name: 'Error',
          code: 'ENOBUFS',
          errno: 105,
          syscall: 'recvmsg',
          message: 'Cannot receive on netlink socket: ENOBUFS (No buffer space available)',
        },
      ],
      receivedBefore: expect.any(Number),
    });
    expect((result as { receivedBefore: number }).receivedBefore).toBeLessThan(200);
  });

  it('onMessage(): datagrams come in order, and at most 256 before the event loop gets on', async () => {
    expect(await report('netlink-batches', [], { isolated: true })).toEqual({ inOrder: true, largest: 256 });
  });
});

describe('an error that stays', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-native-'));
  const library = join(directory, 'recvmsg-fails.so');

  beforeAll(() => {
    const source = fileURLToPath(new URL('children/recvmsg-fails.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it('onError(): is reported every time but does not spin, and receiving resumes when it is gone', async () => {
    const failures = 8 * 4; // a wake-up asks four times
    const env = { LD_PRELOAD: library, FAILURES: String(failures) };
    const result = await report('persistent-error', [], { env });
    const { codes, elapsedMs } = result as { codes: readonly string[]; elapsedMs: number };
    expect(codes).toEqual(Array(8).fill('EIO'));
    // From the fourth on, 100 ms apart; a loop timer may be a millisecond early.
    expect(elapsedMs).toBeGreaterThan(5 * 100 - 10);
  });
});
