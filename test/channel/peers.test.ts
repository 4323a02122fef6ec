import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BuiltInOptions } from '../../agent/channel/built-in-options.ts';
import type { NameService } from '../../agent/channel/names.ts';
import type { IpAddress, PeerEntry } from '../../agent/config/config.ts';
import { type Engine, groupOptions, openEngine, type TestHost } from './engines.ts';

const a: TestHost = { name: 'a', paths: ['127.0.1.1'] };
const b: TestHost = { name: 'b', paths: ['127.0.1.2'] };
const c: TestHost = { name: 'c', paths: ['127.0.1.3'] };

const named: readonly PeerEntry[] = [{ kind: 'name', name: 'group.test' }];

let engines: Engine[] = [];

async function start(options: Omit<BuiltInOptions, 'self'>, self: string, names?: NameService): Promise<Engine> {
  const engine = await openEngine(options, self, names);
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.channel.leave()));
  engines = [];
});

/** A name server that knows one name; a test changes what it answers. Empty: it fails. */
function nameServer(...addresses: readonly string[]): NameService & { addresses: readonly string[] } {
  return {
    addresses,
    againMs: 50,
    retryMs: 20,
    async lookUp() {
      if (this.addresses.length === 0) throw Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' });
      return this.addresses;
    },
  };
}

describe('peers', () => {
  it('a newcomer that is in no other file joins, by one name with the addresses of all', async () => {
    const options = { ...groupOptions([a, b], 46130), heartbeatMs: 100, detectMs: 300 }; // a newcomer listens for two intervals
    const known = await Promise.all(['a', 'b'].map((name) => start(options, name)));
    await Promise.all(known.map((engine) => engine.untilView('a', 'b')));
    const own = { ...options, hosts: groupOptions([c], 46130).hosts, peers: named };
    const newcomer = await start(own, 'c', nameServer('127.0.1.1', '127.0.1.2', '127.0.1.3'));
    await Promise.all([newcomer, ...known].map((engine) => engine.untilView('a', 'b', 'c')));
    const views = newcomer.events.flatMap((event) => (event.kind === 'view' ? [event.view.members.length] : []));
    expect(views).toEqual([3]); // it never takes itself for the whole group
  });

  it('by an address as well', async () => {
    const options = groupOptions([a], 46131);
    const one = await start(options, 'a');
    const peers: readonly PeerEntry[] = [{ kind: 'address', address: '127.0.1.1' as IpAddress }];
    const newcomer = await start({ ...groupOptions([c], 46131), keys: options.keys, peers }, 'c');
    await Promise.all([one, newcomer].map((engine) => engine.untilView('a', 'c')));
  });

  it('a name that cannot be looked up is told and tried again, and nobody waits for it', async () => {
    const options = groupOptions([a], 46132);
    const one = await start(options, 'a');
    const names = nameServer();
    const newcomer = await start({ ...groupOptions([c], 46132), keys: options.keys, peers: named }, 'c', names);
    await newcomer.untilView('c');
    const { notices } = await newcomer.channel.status();
    expect(notices).toContainEqual(
      'Cannot look up peer group.test: EAI_AGAIN; it has no address yet, and it is tried again',
    );
    names.addresses = ['127.0.1.1'];
    await Promise.all([one, newcomer].map((engine) => engine.untilView('a', 'c')));
    await vi.waitUntil(async () => (await newcomer.channel.status()).notices.every((text) => !text.includes('peer')));
  });

  it('a host that comes back with another address is found by its name', async () => {
    const options = { ...groupOptions([a], 46133), peers: named };
    const names = nameServer('127.0.1.2');
    const one = await start(options, 'a', names);
    const before = await openEngine({ ...groupOptions([b], 46133), keys: options.keys }, 'b');
    await Promise.all([one, before].map((engine) => engine.untilView('a', 'b')));
    await before.channel.leave();
    await one.untilView('a');
    names.addresses = ['127.0.1.4'];
    const moved = { ...groupOptions([{ name: 'b', paths: ['127.0.1.4'] }], 46133), keys: options.keys };
    const after = await start(moved, 'b');
    await Promise.all([one, after].map((engine) => engine.untilView('a', 'b')));
  });

  it('changePeers(): a reload brings them in', async () => {
    const options = groupOptions([a], 46134);
    const one = await start(options, 'a', nameServer('127.0.1.2'));
    const other = await start({ ...groupOptions([b], 46134), keys: options.keys }, 'b');
    await Promise.all([one.untilView('a'), other.untilView('b')]);
    one.channel.changePeers(named);
    await Promise.all([one, other].map((engine) => engine.untilView('a', 'b')));
  });

  it('a peer that is not there is tried for ever, more rarely than a host of the file', async () => {
    const port = 46135;
    const absent = await Promise.all([counter('127.0.1.2', port), counter('127.0.1.7', port)]);
    const [host, peer] = absent;
    const alone = await start({ ...groupOptions([a, b], port), peers: named }, 'a', nameServer('127.0.1.7'));
    await vi.waitUntil(() => peer.datagrams() >= 4, { timeout: 10_000 });
    expect(host.datagrams()).toBeGreaterThan(4 * peer.datagrams());
    await alone.untilView('a');
    for (const each of absent) each.socket.close();
  });
});

type Counter = { readonly socket: Socket; datagrams(): number };

async function counter(address: string, port: number): Promise<Counter> {
  let count = 0;
  const socket = createSocket('udp4').on('message', () => {
    count += 1;
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return { socket, datagrams: () => count };
}
