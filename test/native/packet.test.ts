import { describe, expect, it } from 'vitest';
import { report } from './child.ts';

describe('openPacket', () => {
  it('openPacket(): says where a frame came in and to whom it was; filters in the kernel; sends three ways', async () => {
    const at = (where: string, frames: readonly string[]) => frames.map((line) => `${line} at ${where}, 60 bytes`);
    const atRight = at('right', ['0 broadcast', '1 multicast', '2 host', '3 other', '4 host']);
    const atLeft = at('left', ['5 broadcast']);
    expect(await report('packet-types', [], { isolated: true })).toEqual({
      everything: atRight,
      filtered: [atRight[0], atRight[2], atRight[4]],
      anyInterface: [...atRight, ...atLeft],
      bothWays: [
        ...at(
          'left',
          ['0', '1', '2', '3', '4'].map((tag) => `${tag} outgoing`),
        ),
        ...atLeft,
      ],
      incoming: atLeft,
      sendOnly: [],
    });
  });

  it('onError(): a link that goes down is ENETDOWN, once; frames arrive again when it is up', async () => {
    const events = (await report('packet-link-down', [], { isolated: true })) as readonly unknown[];
    expect([...new Set(events.map((event) => JSON.stringify(event)))].map((event) => JSON.parse(event))).toEqual([
      1,
      { code: 'ENETDOWN', syscall: 'recvmsg', message: 'Cannot receive on packet socket: ENETDOWN (Network is down)' },
      2,
    ]);
    expect(events.filter((event) => typeof event === 'object')).toHaveLength(1);
  });

  it('openPacket(): nothing is received before the filter is in place', async () => {
    expect(await report('packet-flood', [], { isolated: true })).toEqual({ received: 0 });
  });

  it('close(): the thread does not sleep for the kernel, nor where a socket cannot be opened; no file is left', async () => {
    const counts = (await report('packet-close', ['20'], { isolated: true })) as Record<string, number>;
    expect(counts).toEqual({ closing: expect.any(Number), failing: expect.any(Number), workerFilesLeft: 0 });
    // A sleep for each where it waits for the kernel; a lock that the pool's threads have costs one here and there.
    expect(counts.closing).toBeLessThan(10);
    expect(counts.failing).toBeLessThan(10);
  });
});
