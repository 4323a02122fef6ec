import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../agent/wire/bytes.ts';
import { decodeMessages, encodeMessage, type NetlinkMessage } from '../../agent/wire/netlink.ts';
import { decodeAnswer } from '../../agent/wire/netlink-answer.ts';
import { decodeAttributes, encodeAttributes } from '../../agent/wire/netlink-attributes.ts';
import { anyBytes, damaged } from './arbitraries.ts';
import { readFixtures } from './fixture.ts';

const captured = readFixtures('rtnetlink.txt');

function onlyMessage(datagram: Uint8Array): NetlinkMessage {
  const decoded = decodeMessages(datagram);
  if (decoded.kind === 'refused') throw new Error(decoded.reason);
  const [message, ...more] = decoded.messages;
  if (message === undefined || more.length > 0) throw new Error('not one message');
  return message;
}

const messages = fc.array(
  fc.record({
    type: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    sequence: fc.nat(0xffffffff),
    portId: fc.nat(0xffffffff),
    body: fc.uint8Array({ maxLength: 40 }),
  }),
  { maxLength: 5 },
);

describe('decodeMessages', () => {
  it('decodeMessages(): finds every message of a datagram', () => {
    fc.assert(
      fc.property(messages, (values) => {
        expect(decodeMessages(concatBytes(values.map(encodeMessage)))).toEqual({ kind: 'messages', messages: values });
      }),
    );
  });

  it.each([
    ['a header cut off', (bytes: Uint8Array) => bytes.subarray(0, 15)],
    ['a body cut off', (bytes: Uint8Array) => bytes.subarray(0, 20)],
    ['a length below the header', (bytes: Uint8Array) => Uint8Array.of(15, 0, 0, 0, ...bytes.subarray(4))],
  ])('decodeMessages(): refuses %s', (_, damage) => {
    expect(decodeMessages(damage(captured('ack')))).toEqual({ kind: 'refused', reason: 'message-length' });
  });

  it('decodeMessages(): never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(captured('address-dump'))), (bytes) => void decodeMessages(bytes)),
    );
  });
});

describe('decodeAnswer', () => {
  it('decodeAnswer(): an acknowledgement', () => {
    expect(decodeAnswer(onlyMessage(captured('ack')))).toEqual({ kind: 'done' });
  });

  it('decodeAnswer(): the end of a dump', () => {
    expect(decodeAnswer(onlyMessage(captured('dump-done')))).toEqual({ kind: 'done' });
  });

  it.each([
    ['address-delete-absent', { kind: 'failed', errno: 99, text: 'ipv4: Address not found', attributeOffset: null }],
    ['link-mtu-refused', { kind: 'failed', errno: 22, text: 'mtu greater than device maximum', attributeOffset: null }],
    [
      'attribute-refused',
      { kind: 'failed', errno: 34, text: 'Attribute failed policy validation', attributeOffset: 44 },
    ],
  ])("decodeAnswer(): the kernel's words: %s", (name, answer) => {
    expect(decodeAnswer(onlyMessage(captured(name)))).toEqual(answer);
  });

  it('decodeAnswer(): never throws', () => {
    const body = fc.oneof(anyBytes, damaged(onlyMessage(captured('attribute-refused')).body));
    fc.assert(
      fc.property(body, fc.constantFrom(1, 2, 3), fc.nat(0xffff), (bytes, type, flags) => {
        const answer = decodeAnswer({ type, flags, sequence: 0, portId: 0, body: bytes });
        expect(['done', 'failed', 'refused']).toContain(answer.kind);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('decodeAttributes', () => {
  it('decodeAttributes(): gives back what was encoded, nested ones too', () => {
    const flat = fc.dictionary(fc.nat(0x3fff).map(String), fc.uint8Array({ maxLength: 9 }));
    fc.assert(
      fc.property(flat, (dictionary) => {
        const attributes = Object.entries(dictionary).map(([type, value]) => [Number(type), value] as const);
        const nested = encodeAttributes([[7 | 0x8000, encodeAttributes(attributes)]]); // NLA_F_NESTED
        const outer = decodeAttributes(nested);
        if (outer.kind === 'refused') throw new Error(outer.reason);
        expect(decodeAttributes(outer.attributes.get(7) ?? new Uint8Array())).toEqual({
          kind: 'attributes',
          attributes: new Map(attributes),
        });
      }),
    );
  });

  it('decodeAttributes(): refuses a length below its header', () => {
    expect(decodeAttributes(Uint8Array.of(3, 0, 1, 0))).toEqual({ kind: 'refused', reason: 'attribute-length' });
  });

  it('decodeAttributes(): never throws', () => {
    fc.assert(fc.property(anyBytes, (bytes) => void decodeAttributes(bytes)));
  });
});
