import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArpPacket,
  arpAnnouncementReply,
  arpAnnouncementRequest,
  arpDirected,
  arpProbe,
  decodeArp,
  encodeArp,
} from '../../agent/wire/arp.ts';
import { broadcastMac, parseMac, zeroMac } from '../../agent/wire/mac-address.ts';
import { anyBytes, damaged, ipv4, mac } from './arbitraries.ts';
import { readFixtures } from './fixture.ts';

const captured = readFixtures('frames.txt');
const ownMac = parseMac('02:00:00:00:00:0a') ?? zeroMac;

describe('encodeArp', () => {
  it('arpAnnouncementReply(): is byte for byte what arping -A sends', () => {
    expect(arpAnnouncementReply(ownMac, '192.0.2.10')).toEqual(captured('arp-announcement-reply'));
  });

  it('arpAnnouncementRequest(): is what arping -U sends, with an unset target MAC', () => {
    const arping = captured('arp-announcement-request').slice();
    arping.fill(0, 32, 38); // arping leaves the broadcast address there; RFC 5227 §1.1 does not use the field
    expect(arpAnnouncementRequest(ownMac, '192.0.2.10')).toEqual(arping);
  });

  it('arpProbe(): is what arping -D sends, with the target MAC zero (RFC 5227 §2.1.1)', () => {
    const arping = captured('arp-probe').slice();
    arping.fill(0, 32, 38);
    expect(arpProbe(ownMac, '192.0.2.55')).toEqual(arping);
  });

  it('arpDirected(): asks one host, from the address', () => {
    expect(decodeArp(arpDirected(ownMac, '192.0.2.10', '192.0.2.1'))).toMatchObject({
      destination: broadcastMac,
      packet: {
        operation: 'request',
        senderMac: ownMac,
        senderAddress: '192.0.2.10',
        targetMac: zeroMac,
        targetAddress: '192.0.2.1',
      },
    });
  });

  it('encodeArp(): decodes to the same packet, padded or not', () => {
    const packet: fc.Arbitrary<ArpPacket> = fc.record({
      operation: fc.constantFrom('request', 'reply'),
      senderMac: mac,
      senderAddress: ipv4,
      targetMac: mac,
      targetAddress: ipv4,
    });
    fc.assert(
      fc.property(packet, mac, fc.nat(18), (value, destination, padding) => {
        const frame = new Uint8Array(42 + padding);
        frame.set(encodeArp(destination, value));
        expect(decodeArp(frame)).toEqual({ kind: 'arp', packet: value, source: value.senderMac, destination });
      }),
    );
  });
});

describe('decodeArp', () => {
  it('decodeArp(): reads what arping -A sends', () => {
    expect(decodeArp(captured('arp-announcement-reply'))).toEqual({
      kind: 'arp',
      source: ownMac,
      destination: broadcastMac,
      packet: {
        operation: 'reply',
        senderMac: ownMac,
        senderAddress: '192.0.2.10',
        targetMac: ownMac,
        targetAddress: '192.0.2.10',
      },
    });
  });

  it.each([
    ['short', 41, 0, 0],
    ['not-arp', 42, 13, 0],
    ['not-ipv4-over-ethernet', 42, 15, 6],
    ['not-ipv4-over-ethernet', 42, 18, 8],
    ['operation', 42, 21, 3],
  ])('decodeArp(): names why it refuses: %s', (reason, length, at, value) => {
    const frame = captured('arp-probe').slice(0, length);
    if (at > 0) frame[at] = value;
    expect(decodeArp(frame)).toEqual({ kind: 'refused', reason });
  });

  it('decodeArp(): never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(captured('arp-probe'))), (bytes) => {
        expect(['arp', 'refused']).toContain(decodeArp(bytes).kind);
      }),
      { numRuns: 2000 },
    );
  });
});
