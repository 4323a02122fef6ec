import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setInterval as ticks } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Engine, groupOptions, openEngine } from './engines.ts';

// Real engines; between a and b stands a socket that passes on and keeps what it hears.
const port = 46_155;
const addresses = { a: '127.0.17.1', b: '127.0.17.2', c: '127.0.17.3', between: '127.0.17.9' };
/** No busy machine makes a member silent. */
const detectMs = 400;
/** For longer than a member waits before it stands back for others that it hears: two patiences, at `frameMs` a frame. */
const heartbeatsEnough = 80;
const frameMs = 15;
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** What each of the group is told of where the others are; one key for all. */
function groupWithListener(): (self: 'a' | 'b' | 'c') => ReturnType<typeof groupOptions> {
  const paths = { a: [addresses.a], b: [addresses.b], c: [addresses.c] };
  const names = ['a', 'b', 'c'] as const;
  const { keys } = groupOptions([], port);
  return (self) => {
    const other = self === 'a' ? 'b' : self === 'b' ? 'a' : null;
    const hosts = names.map((name) => ({ name, paths: name === other ? [addresses.between] : paths[name] }));
    return { ...groupOptions(hosts, port), keys, detectMs };
  };
}

async function listenBetween(): Promise<{ socket: Socket; recorded: Buffer[] }> {
  const socket = createSocket('udp4');
  const recorded: Buffer[] = [];
  socket.on('message', (frame, { address }) => {
    if (address === addresses.b) recorded.push(frame);
    socket.send(frame, port, address === addresses.b ? addresses.a : addresses.b);
  });
  socket.bind({ address: addresses.between, port });
  await once(socket, 'listening');
  endings.push(() => socket.close());
  return { socket, recorded };
}

/** What changes who holds what; a heartbeat that is late is not among it, nor what is for the operator alone. */
function newsOf({ events }: Engine): readonly string[] {
  return events.map(({ kind }) => kind).filter((kind) => !['deliver', 'suspects', 'notice', 'path'].includes(kind));
}

describe('the recording of a run that has ended', () => {
  it('changes nothing at those who heard it, nor at its successor, nor at a listener that was started anew', async () => {
    const options = groupWithListener();
    const { socket, recorded } = await listenBetween();
    const start = async (name: 'a' | 'b' | 'c'): Promise<Engine> => {
      const engine = await openEngine(options(name), name);
      endings.push(() => engine.channel.leave());
      return engine;
    };
    const [a1, c] = await Promise.all([start('a'), start('c')]);
    const b1 = await start('b'); // after a, which is to hear all of it
    await Promise.all([a1, b1, c].map((engine) => engine.untilView('a', 'b', 'c')));
    for (const { channel } of [a1, b1, c]) channel.send(Uint8Array.of(1, 2, 3));
    await vi.waitUntil(() => recorded.length >= heartbeatsEnough, 10_000);
    await b1.channel.leave();
    const recording = recorded.splice(0);
    await a1.untilView('a', 'c');

    // The sender was started anew: who heard it then has every counter of its run.
    const b2 = await start('b');
    await Promise.all([a1, b2, c].map((engine) => engine.untilView('a', 'b', 'c')));
    const before = [a1, b2, c].map(newsOf);
    const replayed = (await a1.channel.status()).refused.replayed ?? 0;
    for (const frame of recording) {
      socket.send(frame, port, addresses.a);
      socket.send(frame, port, addresses.b);
    }
    const due = replayed + recording.length;
    await vi.waitUntil(async () => (await a1.channel.status()).refused.replayed === due, 10_000);
    await vi.waitUntil(async () => (await b2.channel.status()).refused['other-run'] !== undefined, 10_000);
    expect((await a1.channel.status()).refusedFrom.replayed).toBe(addresses.between);
    expect([a1, b2, c].map(newsOf)).toEqual(before);

    // The listener too: it has no counters of that run, and the view in the recording is larger than its own.
    await Promise.all([a1.channel.leave(), c.channel.leave()]);
    const a2 = await start('a');
    await Promise.all([a2, b2].map((engine) => engine.untilView('a', 'b')));
    const still = [a2, b2].map(newsOf);
    const frames = recording.values();
    for await (const _ of ticks(frameMs)) {
      const { value: frame } = frames.next();
      if (frame === undefined) break;
      socket.send(frame, port, addresses.a);
    }
    await vi.waitUntil(async () => (await a2.channel.status()).refused['other-run'] !== undefined, 10_000);
    expect((await a2.channel.status()).refusedFrom['other-run']).toBe(addresses.between);
    expect([a2, b2].map(newsOf)).toEqual(still);
    b2.channel.send(Uint8Array.of(4));
    await a2.until((event): event is typeof event => event.kind === 'deliver');
  });
});
