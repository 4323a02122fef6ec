import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incarnation } from '../../agent/membership/identity.ts';
import type { LinkMessage } from '../../agent/membership/message.ts';
import { type HostName, memberId, type ViewId } from '../../agent/membership/view.ts';
import { decodeFrameHeader, encodeFrameHeader, frameHeaderBytes, frameVersion } from '../../agent/wire/frame.ts';
import { decodeFrameBody, encodeFrameBody, type FrameBody } from '../../agent/wire/frame-body.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../agent/wire/frame-message.ts';

const group = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
const sealTag = new Uint8Array(16);

const digits = fc.uint8Array({ minLength: 16, maxLength: 16 });
const incarnation = digits.map((bytes) => Buffer.from(bytes).toString('hex') as Incarnation);
const host = fc.stringMatching(/^[a-z][a-z0-9.-]{0,30}$/).map((text) => text as HostName);
const member = fc.tuple(host, incarnation).map(([name, run]) => memberId(name, run));
const whole = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const level = fc.integer({ min: 1, max: 255 });
const viewId: fc.Arbitrary<ViewId> = fc.record({ counter: whole, leader: member });
const maybeViewId = fc.option(viewId, { nil: null });
const payload = fc.uint8Array({ maxLength: 300 });
const members = fc.array(member, { maxLength: 8 });
const recalled = fc.record({ sender: member, number: count, payload });

/** A heartbeat lists the view first, then others that are heard: the order of `hears` and `spares` is made that of the frame. */
const heartbeat: fc.Arbitrary<FrameBody> = fc
  .record({
    path: fc.integer({ min: 0, max: 255 }),
    member,
    level,
    number: count,
    intervalMs: fc.integer({ min: 1, max: 65_535 }),
    leaving: fc.boolean(),
    standsBack: fc.boolean(),
    asks: fc.boolean(),
    echo: fc.oneof(fc.constant(0), count),
    view: maybeViewId,
    promised: maybeViewId,
    atRest: fc.boolean(),
    listed: fc.uniqueArray(incarnation, { maxLength: 10 }),
    inView: fc.integer({ min: 0, max: 10 }),
    delivered: fc.array(count, { minLength: 10, maxLength: 10 }),
    heard: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
    others: fc.integer({ min: 0, max: 10 }),
    spared: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
  })
  .map(({ path, atRest, listed, inView, delivered, heard, others, spared, ...fields }) => {
    const promised = atRest ? fields.view : fields.promised;
    const viewMembers = listed.slice(0, inView);
    const silent = (index: number) => index >= inView + others;
    const hears = listed.filter((_, index) => !silent(index) && (index >= inView || heard[index]));
    const spares = listed.filter((_, index) => silent(index) || spared[index]);
    return {
      kind: 'heartbeat',
      path,
      heartbeat: { ...fields, promised, viewMembers, delivered: delivered.slice(0, viewMembers.length), hears, spares },
    };
  });

const body: fc.Arbitrary<FrameBody> = fc.oneof(
  heartbeat,
  fc.record({
    kind: fc.constant('data' as const),
    to: incarnation,
    epoch: whole,
    number: whole,
    final: fc.boolean(),
    bytes: payload,
  }),
  fc.record({ kind: fc.constant('ack' as const), to: incarnation, epoch: whole, upTo: whole }),
);

const message: fc.Arbitrary<LinkMessage> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('propose' as const),
      ballot: viewId,
      members,
      has: fc.record({ former: viewId, delivered: fc.array(count, { maxLength: 8 }) }),
    },
    { requiredKeys: ['kind', 'ballot', 'members'] },
  ),
  fc.record({ kind: fc.constant('recall' as const), ballot: viewId, message: recalled }),
  fc.record({ kind: fc.constant('catch-up' as const), ballot: viewId, message: recalled }),
  fc
    .record({
      ballot: viewId,
      level,
      former: maybeViewId,
      formerMembers: members,
      counts: fc.array(count, { minLength: 8 }),
    })
    .map(({ counts, ...fields }) => ({
      kind: 'promise' as const,
      ...fields,
      delivered: fields.formerMembers.map((_, index) => counts[index] ?? 0),
    })),
  fc.record({
    kind: fc.constant('refuse' as const),
    ballot: viewId,
    highest: maybeViewId,
    reason: fc.constantFrom('lower-ballot' as const, 'not-mutual' as const, 'keeps-view' as const),
  }),
  fc.record({ kind: fc.constant('commit' as const), ballot: viewId, level, members, together: members }),
  fc.record({ kind: fc.constant('multicast' as const), view: viewId, number: count, payload }),
  fc.constant({ kind: 'leave' as const }),
);

describe('decodeFrameHeader()', () => {
  const encode = (fields: { version?: number; counter?: number }): Uint8Array => {
    const header = { version: frameVersion, keyHint: 7, sender: 'ab'.repeat(16) as Incarnation, counter: 9, ...fields };
    return new Uint8Array([...encodeFrameHeader(header, group), ...sealTag]);
  };

  it('reads back what was written, whatever it is', () => {
    const fields = {
      version: fc.constant(frameVersion),
      keyHint: fc.integer({ min: 0, max: 255 }),
      sender: incarnation,
      counter: whole,
    };
    fc.assert(
      fc.property(fc.record(fields), (header) => {
        expect(decodeFrameHeader(new Uint8Array([...encodeFrameHeader(header, group), ...sealTag]), group)).toEqual(
          header,
        );
      }),
    );
  });

  it('has its fields where the protocol says', () => {
    const hex = Buffer.from(encode({ counter: 2 ** 32 + 5 }).subarray(0, frameHeaderBytes)).toString('hex');
    expect(hex).toBe(`4846${'01'}${'07'}${'0102030405060708'}${'ab'.repeat(16)}${'0000000100000005'}`);
  });

  it.each([
    ['too-short', encode({}).subarray(0, frameHeaderBytes + 15)],
    ['not-ours', encode({}).with(0, 0)],
    ['other-version', encode({ version: frameVersion + 2 })],
    ['other-version', encode({ version: 0 })],
    ['other-group', encode({}).with(4, 99)],
    ['malformed', encode({ counter: 1 }).fill(0xff, 28, 36)],
  ])('names what is wrong: %s', (reason, frame) => {
    expect(decodeFrameHeader(frame, group)).toBe(reason);
  });

  it('takes a frame of the next version', () => {
    expect(decodeFrameHeader(encode({ version: frameVersion + 1 }), group)).toMatchObject({
      version: frameVersion + 1,
    });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeFrameHeader(bytes, group)));
  });
});

describe('decodeFrameBody()', () => {
  it('reads back what was written, whatever it is', () => {
    fc.assert(fc.property(body, (value) => void expect(decodeFrameBody(encodeFrameBody(value))).toEqual(value)));
  });

  it('passes over what a later version adds at the end', () => {
    fc.assert(
      fc.property(body, payload, (value, more) => {
        expect(decodeFrameBody(new Uint8Array([...encodeFrameBody(value), ...more]))).toEqual(value);
      }),
    );
  });

  it('names one that was cut off malformed', () => {
    fc.assert(
      fc.property(body, fc.nat(), (value, at) => {
        const bytes = encodeFrameBody(value);
        expect(decodeFrameBody(bytes.subarray(0, at % bytes.length))).toBe('malformed');
      }),
    );
  });

  it('names a kind it does not know', () => {
    expect(decodeFrameBody(new Uint8Array([200, 1, 2]))).toBe('unknown-kind');
  });

  it('never throws', () => {
    const kinds = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(
        kinds,
        fc.uint8Array({ maxLength: 200 }),
        (kind, rest) => void decodeFrameBody(new Uint8Array([kind, ...rest])),
      ),
    );
  });

  it('a heartbeat of 64 members fits one Ethernet frame with its header and seal', () => {
    const listed = Array.from({ length: 64 }, (_, index) => index.toString(16).padStart(32, '0') as Incarnation);
    const leader = memberId('host-with-a-long-name.example' as HostName, '0'.repeat(32));
    const id = { counter: 1, leader };
    const bytes = encodeFrameBody({
      kind: 'heartbeat',
      path: 0,
      heartbeat: {
        member: leader,
        level: 1,
        number: 100_000_000,
        intervalMs: 100,
        leaving: false,
        standsBack: false,
        view: id,
        viewMembers: listed,
        delivered: listed.map(() => 16_000),
        promised: id,
        hears: listed,
        spares: [],
        asks: true,
        echo: 300_000,
      },
    });
    const udpAndIpv6 = 48;
    expect(udpAndIpv6 + frameHeaderBytes + bytes.length + sealTag.length).toBeLessThanOrEqual(1500);
  });
});

describe('decodeLinkMessage()', () => {
  it('reads back what was written, whatever it is', () => {
    fc.assert(fc.property(message, (value) => void expect(decodeLinkMessage(encodeLinkMessage(value))).toEqual(value)));
  });

  it('passes over what a later version adds at the end', () => {
    const bytes = encodeLinkMessage({ kind: 'leave' });
    expect(decodeLinkMessage(new Uint8Array([...bytes, 1, 2, 3]))).toEqual({ kind: 'leave' });
  });

  it('takes a kind of a later version for none', () => {
    expect(decodeLinkMessage(new Uint8Array([77]))).toBeNull();
  });

  it('never throws', () => {
    const kinds = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(
        kinds,
        fc.uint8Array({ maxLength: 200 }),
        (kind, rest) => void decodeLinkMessage(new Uint8Array([kind, ...rest])),
      ),
    );
  });
});
