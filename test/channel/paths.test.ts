import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PathStatus } from '../../agent/channel/channel.ts';
import { type Engine, groupOptions, openEngine } from './engines.ts';

const heardAgain = { timeout: 10_000, interval: 50 };

/**
 * The network of the second path: a has b's address there, b has a's, and both are the relay's. Closed, the path is cut. Seals do not
 * bind addresses, so each hears the other as if there were nothing between.
 */
class Relay {
  readonly #a: Socket;
  readonly #b: Socket;

  constructor(a: Socket, b: Socket) {
    this.#a = a;
    this.#b = b;
  }

  static async open(port: number): Promise<Relay> {
    const bound = async (address: string): Promise<Socket> => {
      const socket = createSocket('udp4');
      socket.bind(port, address);
      await once(socket, 'listening');
      return socket;
    };
    const [a, b] = [await bound('127.0.2.11'), await bound('127.0.2.12')];
    b.on('message', (frame) => a.send(frame, port, '127.0.2.2'));
    a.on('message', (frame) => b.send(frame, port, '127.0.2.1'));
    return new Relay(a, b);
  }

  close(): void {
    this.#a.removeAllListeners('message').close();
    this.#b.removeAllListeners('message').close();
  }
}

let engines: Engine[] = [];

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.channel.leave()));
  engines = [];
});

async function openBoth(port: number): Promise<readonly [Engine, Engine]> {
  const a = [
    { name: 'a', paths: ['127.0.1.1', '127.0.2.1'] },
    { name: 'b', paths: ['127.0.1.2', '127.0.2.12'] },
  ];
  const b = [
    { name: 'a', paths: ['127.0.1.1', '127.0.2.11'] },
    { name: 'b', paths: ['127.0.1.2', '127.0.2.2'] },
  ];
  const options = groupOptions(a, port);
  const both = [openEngine(options, 'a'), openEngine({ ...groupOptions(b, port), keys: options.keys }, 'b')] as const;
  const opened = await Promise.all(both);
  engines.push(...opened);
  await Promise.all(opened.map((engine) => engine.untilView('a', 'b')));
  return opened;
}

async function pathsOf(engine: Engine): Promise<readonly PathStatus[]> {
  const { peers } = await engine.channel.status();
  return peers.flatMap(({ paths }) => paths);
}

async function lostOf(engine: Engine): Promise<readonly string[]> {
  return (await pathsOf(engine)).filter(({ lost }) => lost).map(({ address }) => address);
}

describe('status() with one of two paths cut', () => {
  it('shows it as lost on both sides, nobody leaves, and it is back when the path is', async () => {
    const relay = await Relay.open(46140);
    const [a, b] = await openBoth(46140);
    await vi.waitUntil(async () => (await pathsOf(a)).every((path) => path.lastHeardMsAgo !== null), heardAgain);
    expect([await lostOf(a), await lostOf(b)]).toEqual([[], []]);
    const viewsBefore = [a, b].map(({ events }) => events.filter(({ kind }) => kind === 'view').length);

    relay.close();
    await vi.waitUntil(async () => (await lostOf(a)).length > 0 && (await lostOf(b)).length > 0, heardAgain);
    const [first, second] = await pathsOf(a);
    expect(first).toMatchObject({ address: '127.0.1.2', lost: false });
    expect(second).toMatchObject({ address: '127.0.2.12', lost: true });
    expect(second?.lastHeardMsAgo).toBeGreaterThanOrEqual(3_000);
    expect(await lostOf(b)).toEqual(['127.0.2.11']);
    expect([a, b].map(({ events }) => events.filter(({ kind }) => kind === 'view').length)).toEqual(viewsBefore);

    const again = await Relay.open(46140);
    await vi.waitUntil(async () => (await lostOf(a)).length === 0 && (await lostOf(b)).length === 0, heardAgain);
    again.close();
  }, 20_000);

  it('shows a path of the file that was never heard, not before it had the time to be', async () => {
    const [a] = await openBoth(46141);
    const unheard = { address: '127.0.2.12', lastHeardMsAgo: null };
    expect((await pathsOf(a))[1]).toEqual({ ...unheard, lost: false });
    await vi.waitUntil(async () => (await lostOf(a)).length > 0, heardAgain);
    expect((await pathsOf(a))[1]).toEqual({ ...unheard, lost: true });
  }, 20_000);
});
