import { afterEach, describe, expect, it, vi } from 'vitest';
import { Inbox } from '../agent/inbox.ts';
import { memberId } from '../agent/membership/view.ts';
import type { Message } from '../agent/ownership/message.ts';
import { formatMac } from '../agent/wire/mac-address.ts';
import { encodeNeighbours } from '../agent/wire/neighbours-message.ts';
import { encodeOwnershipMessage } from '../agent/wire/ownership-message.ts';
import { encodeRestart } from '../agent/wire/restart-message.ts';
import { encodeStations } from '../agent/wire/stations-message.ts';
import { type Engine, groupOptions, hostName, openEngine } from './channel/engines.ts';

const engines: Engine[] = [];

afterEach(async () => {
  for (const { channel } of engines.splice(0)) await channel.leave();
});

const released: Message = { kind: 'released', sets: [] };
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('Inbox', () => {
  it('brings each kind of message to whom it is for, with who sent it', () => {
    const told: unknown[] = [];
    const note =
      (kind: string) =>
      (...what: readonly unknown[]): void => {
        told.push([kind, ...what]);
      };
    const inbox = new Inbox({
      onStations: note('stations'),
      onNeighbours: note('neighbours'),
      onRestart: note('restart'),
      onMessage: note('message'),
      onTrouble: note('trouble'),
    });
    const sender = memberId(hostName('b'), '1');
    const stations = [formatMac(Uint8Array.of(2, 0, 0, 0, 0, 1))];
    const neighbours = [{ address: '192.0.2.9', mac: formatMac(Uint8Array.of(2, 0, 0, 0, 0, 9)) }];
    inbox.deliver(sender, encodeStations(stations));
    inbox.deliver(sender, encodeNeighbours(neighbours));
    inbox.deliver(sender, encodeRestart({ kind: 'restarting', keepMs: 30_000 }));
    inbox.deliver(sender, encodeRestart({ kind: 'restart-heard' }));
    inbox.deliver(sender, encodeOwnershipMessage(released));
    expect(told).toEqual([
      ['stations', sender, stations],
      ['neighbours', sender, neighbours],
      ['restart', sender, { kind: 'restarting', keepMs: 30_000 }],
      ['restart', sender, { kind: 'restart-heard' }],
      ['message', sender, released],
    ]);
  });

  it('passes over what a later version says, counts it, and goes on with the next message', async () => {
    const options = groupOptions(
      ['a', 'b'].map((name, at) => ({ name, paths: [`127.0.18.${at + 1}`] })),
      46_160,
    );
    const messages: Message[] = [];
    const troubles: string[] = [];
    const ignore = (): void => {};
    const inbox = new Inbox({
      onStations: ignore,
      onNeighbours: ignore,
      onRestart: ignore,
      onMessage: (_, message) => messages.push(message),
      onTrouble: (trouble) => troubles.push(trouble),
    });
    const [a, b] = await Promise.all(['a', 'b'].map((name) => openEngine(options, name)));
    if (a === undefined || b === undefined) throw new Error('two were opened');
    engines.push(a, b);
    await Promise.all([a.untilView('a', 'b'), b.untilView('a', 'b')]);
    const views = a.events.filter(({ kind }) => kind === 'view').length;
    for (const payload of [text({ kind: 'sing' }), text({ kind: 'sing', verses: 2 }), Uint8Array.of(0xff, 0xfe)]) {
      b.channel.send(payload);
    }
    b.channel.send(encodeOwnershipMessage(released));
    await vi.waitUntil(() => a.events.filter(({ kind }) => kind === 'deliver').length === 4, 10_000);
    for (const event of a.events) if (event.kind === 'deliver') inbox.deliver(event.sender, event.payload);
    expect(messages).toEqual([released]);
    expect(inbox.passedOver).toEqual({
      counts: { 'unknown-message': 2, 'not-utf8': 1 },
      from: { 'unknown-message': 'b', 'not-utf8': 'b' },
    });
    expect(troubles).toEqual([
      'a message of b is not understood, and passed over: unknown-message at kind',
      'a message of b is not understood, and passed over: not-utf8',
    ]);
    expect(a.events.filter(({ kind }) => kind === 'view')).toHaveLength(views);
  });
});
