import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { groupTagOf } from '../../agent/channel/frame-keys.ts';
import type { RefusalReason } from '../../agent/channel/refusals.ts';
import { FrameSealer } from '../../agent/channel/seal.ts';
import { type Incarnation, incarnationOf } from '../../agent/membership/identity.ts';
import type { Heartbeat } from '../../agent/membership/message.ts';
import type { MemberId } from '../../agent/membership/view.ts';
import { frameHeaderBytes, frameVersion } from '../../agent/wire/frame.ts';
import { encodeFrameBody } from '../../agent/wire/frame-body.ts';
import { type Engine, groupOptions, openEngine } from './engines.ts';

// A real engine on two paths, and frames that somebody else sends to it. Each reason there is has its row.
const port = 46140;
const paths = ['127.0.14.1', '127.0.15.1'];
const sender = 'c3'.repeat(16) as Incarnation;
const options = groupOptions([{ name: 'a', paths }], port);
const [key = new Uint8Array(32)] = options.keys;
const tag = groupTagOf(options.group);

const heartbeat: Heartbeat = {
  member: `c/${sender}` as MemberId,
  level: 1,
  number: 1,
  intervalMs: 20,
  leaving: false,
  standsBack: false,
  view: null,
  viewMembers: [],
  delivered: [],
  promised: null,
  hears: [],
  spares: [],
  asks: false,
  echo: 0,
};
const body = encodeFrameBody({ kind: 'heartbeat', path: 0, heartbeat });
const good = new FrameSealer(sender, key, tag);

/** Frames, each with the path that it comes in on; the last one is refused, those before it are taken. */
type Sent = readonly (readonly [frame: Uint8Array, path: number])[];

function changed(frame: Buffer, at: number, value: number): Buffer {
  frame[at] = value;
  return frame;
}

function twice(second: number): Sent {
  const frame = good.seal(body);
  return [
    [frame, 0],
    [frame, second],
  ];
}

/** A message on a link, of a kind that nobody knows yet. */
const later = Uint8Array.of(250, 1, 2, 3);
const engineRun = (): Incarnation => incarnationOf(engine.channel.self);

const versionAt = 2;
/** A type that the compiler fills: a reason without a row does not build. */
const rows: Readonly<Record<RefusalReason, () => Sent>> = {
  'too-short': () => [[good.seal(body).subarray(0, frameHeaderBytes + 15), 0]],
  'not-ours': () => [[Buffer.alloc(100, 'SIP'), 0]],
  'other-version': () => [[changed(good.seal(body), versionAt, frameVersion + 2), 0]],
  'other-group': () => [[new FrameSealer(sender, key, groupTagOf('another')).seal(body), 0]],
  'unknown-key': () => [[new FrameSealer(sender, new Uint8Array(32).fill(9), tag).seal(body), 0]],
  'bad-seal': () => [[changed(good.seal(body), frameHeaderBytes + 3, 0xee), 0]],
  replayed: () => twice(0),
  duplicate: () => twice(1),
  malformed: () => [[good.seal(body.subarray(0, body.length - 2)), 0]],
  'unknown-kind': () => [[good.seal(Uint8Array.of(250, 1, 2, 3)), 0]],
  'other-run': () => [[good.seal(encodeFrameBody({ kind: 'ack', to: sender, epoch: 1, upTo: 1 })), 0]],
  'unknown-message': () => [
    [good.seal(body), 0],
    [good.seal(encodeFrameBody({ kind: 'data', to: engineRun(), epoch: 1, number: 1, final: true, bytes: later })), 0],
  ],
  'wrong-sender': () => [[new FrameSealer('d4'.repeat(16) as Incarnation, key, tag).seal(body), 0]],
};

let engine: Engine;
const socket = createSocket('udp4');

beforeAll(async () => {
  engine = await openEngine(options, 'a');
  await engine.untilView('a');
  await new Promise<void>((resolve) => socket.bind({ address: '127.0.14.9' }, resolve));
});

afterAll(async () => {
  socket.close();
  await engine.channel.leave();
});

describe('frames that are refused', () => {
  it.each(Object.entries(rows))('are counted as %s, with the sender', async (reason, make) => {
    const before = (await engine.channel.status()).refused;
    for (const [frame, path] of make()) {
      const passed = new Promise((resolve) => socket.send(frame, port, paths[path], resolve));
      await passed;
    }
    await vi.waitUntil(async () => {
      const { refused } = await engine.channel.status();
      return refused[reason] !== before[reason];
    });
    const { refused, refusedFrom } = await engine.channel.status();
    expect(refused).toEqual({ ...before, [reason]: (before[reason] ?? 0) + 1 });
    expect(refusedFrom[reason]).toBe('127.0.14.9');
  });

  it('a longer one than any that is sent, and what goes on after the fields known here, harm nothing', async () => {
    const { refused: before } = await engine.channel.status();
    const later = Buffer.concat([body, Buffer.alloc(20_000, 0xab)]);
    await new Promise((resolve) => socket.send(good.seal(later), port, paths[0], resolve));
    await new Promise((resolve) => socket.send(Buffer.alloc(60_000, 7), port, paths[0], resolve));
    await vi.waitUntil(async () => (await engine.channel.status()).refused['not-ours'] !== before['not-ours']);
    expect((await engine.channel.status()).refused).toEqual({ ...before, 'not-ours': (before['not-ours'] ?? 0) + 1 });
  });

  it('the recording of a run, played to one that starts later, brings nobody into its view', async () => {
    const recorded = [1, 2, 3].map((number) =>
      encodeFrameBody({
        kind: 'heartbeat',
        path: 0,
        heartbeat: { ...heartbeat, number, hears: ['b0'.repeat(16) as Incarnation] },
      }),
    );
    for (const each of recorded) {
      await new Promise((resolve) => socket.send(good.seal(each), port, paths[0], resolve));
    }
    await vi.waitUntil(async () => (await engine.channel.status()).peers.length > 0);
    expect((await engine.channel.status()).peers).toMatchObject([{ host: 'c', inView: false }]);
    expect(engine.events.filter(({ kind }) => kind === 'view')).toHaveLength(1);
  });
});
