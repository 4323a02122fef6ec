import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChannelEvent } from '../../agent/channel/channel.ts';
import type { IpAddress } from '../../agent/config/config.ts';
import { type Engine, groupOptions, openEngine, startProcess, type TestHost } from './engines.ts';

const hosts: readonly TestHost[] = [
  { name: 'a', paths: ['127.0.1.1'] },
  { name: 'b', paths: ['127.0.1.2'] },
  { name: 'c', paths: ['127.0.1.3'] },
];

let engines: Engine[] = [];

async function start(options: Parameters<typeof openEngine>[0], self: string): Promise<Engine> {
  const engine = await openEngine(options, self);
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.channel.leave()));
  engines = [];
});

describe('openBuiltInChannel()', () => {
  it('one whose file names no other host has its view at once', async () => {
    const alone = await start(groupOptions([{ name: 'a', paths: ['127.0.1.1'] }], 46110), 'a');
    await alone.untilView('a');
  });

  it('views come in order, also where the main loop was busy while the thread opened', async () => {
    const options = { ...groupOptions(hosts, 46121), hangMs: 5_000 };
    const opening = [start({ ...options, hosts: options.hosts.slice(0, 1) }, 'a'), start(options, 'b')];
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
    const [a] = await Promise.all(opening);
    await a?.untilView('a', 'b');
    const ids = a?.events.map((event) => (event.kind === 'view' ? event.view.id.counter : 0)) ?? [];
    expect(ids.length).toBeGreaterThan(1);
    expect(ids).toEqual(ids.toSorted((one, other) => one - other));
  });

  it('three engines agree on one view', async () => {
    const options = groupOptions(hosts, 46101);
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    const views = await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    expect(new Set(views.map((view) => JSON.stringify([view.id, view.members]))).size).toBe(1);
  });

  it('a message reaches everybody, the sender included, large or small', async () => {
    const options = groupOptions(hosts, 46102);
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    const payloads = [
      new Uint8Array([1, 2, 3]),
      new Uint8Array(1024 * 1024).map((_, at) => at % 251),
      new Uint8Array(0),
    ];
    for (const payload of payloads) all[1]?.channel.send(payload);
    for (const engine of all) {
      for (const payload of payloads) {
        const { sender } = await engine.until(
          (event): event is typeof event & { kind: 'deliver' } =>
            event.kind === 'deliver' && Buffer.compare(event.payload, payload) === 0,
        );
        expect(sender).toBe(all[1]?.channel.self);
      }
    }
  });

  it('leave(): the others go on without it at once', async () => {
    const options = { ...groupOptions(hosts, 46103), detectMs: 60_000 };
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    await all[0]?.channel.leave();
    await Promise.all(all.slice(1).map((engine) => engine.untilView('b', 'c')));
  });

  it('a killed process is missed, and one that starts in its place is taken in', async () => {
    const options = groupOptions(hosts, 46104);
    const rest = await Promise.all(['b', 'c'].map((name) => start(options, name)));
    const killed = startProcess(options, 'a');
    await Promise.all(rest.map((engine) => engine.untilView('a', 'b', 'c')));
    killed.kill('SIGKILL');
    await Promise.all(rest.map((engine) => engine.untilView('b', 'c')));
    const again = await start(options, 'a');
    await Promise.all([again, ...rest].map((engine) => engine.untilView('a', 'b', 'c')));
  });

  it.each([
    [5, 100],
    [20, 100],
    [10_000, 30_000],
  ])(
    'with heartbeats each %i ms one whose main loop hangs is left out in the same time though its thread lives; it lets go before anything else, and is back in',
    async (heartbeatMs, detectMs) => {
      const options = { ...groupOptions(hosts, 46120), heartbeatMs, detectMs };
      const rest = await Promise.all(['b', 'c'].map((name) => start(options, name)));
      const hanging = startProcess(options, 'a');
      const said: ChannelEvent[] = [];
      const backIn = new Promise<void>((resolve) => {
        hanging.on('message', (event: ChannelEvent) => {
          said.push(event);
          if (said.some(({ kind }) => kind === 'stalled') && event.kind === 'view') resolve();
        });
      });
      await Promise.all(rest.map((engine) => engine.untilView('a', 'b', 'c')));
      await vi.waitUntil(() => said.some((event) => event.kind === 'view' && event.view.members.length === 3));
      const before = said.length;
      const hangsAt = performance.now();
      hanging.send(1_500);
      await Promise.all(rest.map((engine) => engine.untilView('b', 'c')));
      expect(performance.now() - hangsAt).toBeGreaterThan(options.hangMs - 100);
      expect(performance.now() - hangsAt).toBeLessThan(1_400);
      await Promise.all([backIn, ...rest.map((engine) => engine.untilView('a', 'b', 'c'))]);
      hanging.kill('SIGKILL');
      const told = said.slice(before).map(({ kind }) => kind);
      const news = told.filter((kind) => kind === 'stalled' || kind === 'apart' || kind === 'view');
      // It stood still, and was put out; at short intervals it hears the latter more than once.
      expect(news.filter((kind, at) => kind !== news[at - 1])).toEqual(['stalled', 'apart', 'view']);
    },
  );

  it('evidence: another member answers each question, and nobody has to where this one is alone', async () => {
    const options = groupOptions(hosts.slice(0, 2), 46122);
    const a = await start(options, 'a');
    await a.untilView('a');
    const { evidence } = a.channel;
    const isAnswered = async (): Promise<void> => {
      const question = evidence.ask();
      await vi.waitUntil(() => evidence.isAnswered(question));
    };
    await isAnswered();
    const other = startProcess(options, 'b');
    await a.untilView('a', 'b');
    for (let count = 0; count < 3; count++) await isAnswered();
    other.kill('SIGKILL');
    await a.untilView('a');
    await isAnswered();
  });

  it('heartbeats go over every path, and status() shows each', async () => {
    const twoPaths = hosts.map(({ name, paths: [first = ''] }) => ({
      name,
      paths: [first, first.replace('0.1', '0.2')],
    }));
    const options = groupOptions(twoPaths, 46105);
    const [a, b] = await Promise.all([start(options, 'a'), start(options, 'b')]);
    await Promise.all([a.untilView('a', 'b'), b.untilView('a', 'b')]);
    const status = await a.channel.status();
    expect(status.peers).toMatchObject([
      { host: 'b', inView: true, state: 'alive', paths: [{ address: '127.0.1.2' }, { address: '127.0.2.2' }] },
    ]);
    expect(status.refused).toEqual({});
  });

  it('a host that no file names but that has the key is taken in', async () => {
    const options = groupOptions(hosts.slice(0, 2), 46106);
    const known = await Promise.all(['a', 'b'].map((name) => start(options, name)));
    const stranger = await start({ ...groupOptions(hosts, 46106), keys: options.keys }, 'c');
    await Promise.all([stranger, ...known].map((engine) => engine.untilView('a', 'b', 'c')));
  });

  it('one with another key stays outside, and is counted by reason and address', async () => {
    const options = groupOptions(hosts, 46107);
    const a = await start(options, 'a');
    await start({ ...options, keys: [new Uint8Array(32)] }, 'b');
    await start({ ...options, group: 'another' }, 'c');
    await a.untilView('a');
    const status = await a.channel.status();
    expect(status.peers).toEqual([]);
    expect(Object.keys(status.refused).sort()).toEqual(['other-group', 'unknown-key']);
    expect(status.refusedFrom).toEqual({ 'other-group': '127.0.1.3', 'unknown-key': '127.0.1.2' });
  });

  it('obituary(): whoever sends it, the others go on without the dead one at once, and for good', async () => {
    const options = { ...groupOptions(hosts, 46111), detectMs: 5_000 };
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    const socket = createSocket('udp4');
    for (const { port, destinations, frames } of (await all[0]?.channel.obituary()) ?? []) {
      expect(destinations).toEqual(['127.0.1.2', '127.0.1.3']);
      expect(frames.length).toBe(4);
      for (const frame of frames) for (const to of destinations) socket.send(frame, port, to);
    }
    await Promise.all(all.slice(1).map((engine) => engine.untilView('b', 'c')));
    const heard = (await all[1]?.channel.status())?.peers.map((peer) => peer.host);
    socket.close();
    expect(heard).toEqual(['c']);
  });

  it('a second agent with a name of the group is refused with the address of the first', async () => {
    const options = groupOptions(hosts, 46108);
    const first = await start(options, 'a');
    await first.untilView('a');
    const twin = { ...options, hosts: options.hosts.map((host) => ({ ...host, paths: ['127.0.1.9' as IpAddress] })) };
    const second = await start({ ...twin, hosts: [...twin.hosts.slice(0, 1), ...options.hosts] }, 'a');
    const refused = await second.until(
      (event): event is typeof event & { kind: 'refused' } => event.kind === 'refused',
    );
    expect(refused.reason).toMatch(/127\.0\.1\.1 has the host name a/);
  });

  it('a port in use and an address of another host are told by name', async () => {
    const options = groupOptions(hosts, 46109);
    await start(options, 'a');
    await expect(start(options, 'a')).rejects.toMatchObject({
      name: 'ChannelError',
      code: 'EADDRINUSE',
      message: expect.stringMatching(/127\.0\.1\.1 port 46109/),
    });
    const elsewhere = groupOptions([{ name: 'a', paths: ['192.0.2.1'] }], 46109);
    await expect(start(elsewhere, 'a')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL', address: '192.0.2.1' });
  });

  it('send(): refuses what no message can hold', async () => {
    const a = await start(groupOptions(hosts, 46110), 'a');
    expect(() => a.channel.send(new Uint8Array(1024 * 1024 + 1))).toThrow(/at most 1 MiB/);
  });
});
