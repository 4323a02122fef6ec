import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMac, zeroMac } from '../../agent/wire/mac-address.ts';
import { decodeNdp, directedSolicitation, neighbourProbe, unsolicitedAdvertisement } from '../../agent/wire/ndp.ts';
import { anyBytes, damaged, ipv6, mac } from './arbitraries.ts';
import { readFixtures } from './fixture.ts';

const captured = readFixtures('frames.txt');
const ownMac = parseMac('02:00:00:00:00:0a') ?? zeroMac;
const address = '2001:db8:20::10';

describe('unsolicitedAdvertisement', () => {
  it('unsolicitedAdvertisement(): is byte for byte what the kernel sends, checksum included', () => {
    expect(unsolicitedAdvertisement(ownMac, address, { router: false })).toEqual(captured('ndp-announcement'));
  });

  it('unsolicitedAdvertisement(): decodes to what it says', () => {
    const unicast = ipv6.filter((text) => !text.startsWith('ff'));
    fc.assert(
      fc.property(mac, unicast, fc.boolean(), (sender, target, router) => {
        expect(decodeNdp(unsolicitedAdvertisement(sender, target, { router }))).toEqual({
          kind: 'ndp',
          message: { kind: 'advertisement', target, targetMac: sender, router, solicited: false, override: true },
          frameSource: sender,
          source: target,
          destination: 'ff02::1',
        });
      }),
    );
  });
});

describe('directedSolicitation', () => {
  it('directedSolicitation(): asks one host, from the address, with the MAC to answer to', () => {
    expect(decodeNdp(directedSolicitation(ownMac, address, '2001:db8:20::1'))).toEqual({
      kind: 'ndp',
      message: { kind: 'solicitation', target: '2001:db8:20::1', sourceMac: ownMac },
      frameSource: ownMac,
      source: address,
      destination: 'ff02::1:ff00:1',
    });
  });
});

describe('neighbourProbe', () => {
  it('neighbourProbe(): is the duplicate address detection of the kernel without its nonce (RFC 7527)', () => {
    const kernel = captured('ndp-probe');
    const ours = neighbourProbe(ownMac, address);
    expect(ours.length).toBe(kernel.length - 8);
    // Alike but for the payload length, the checksum and the option.
    const comparable = (frame: Uint8Array) => {
      const bytes = frame.slice(0, 78);
      bytes.fill(0, 18, 20);
      bytes.fill(0, 56, 58);
      return bytes;
    };
    expect(comparable(ours)).toEqual(comparable(kernel));
  });

  it('neighbourProbe(): decodes to a solicitation from nobody', () => {
    expect(decodeNdp(neighbourProbe(ownMac, address))).toEqual({
      kind: 'ndp',
      message: { kind: 'solicitation', target: address, sourceMac: null },
      frameSource: ownMac,
      source: '::',
      destination: 'ff02::1:ff00:10',
    });
  });
});

describe('decodeNdp', () => {
  it("decodeNdp(): reads the kernel's own messages", () => {
    expect(decodeNdp(captured('ndp-probe'))).toMatchObject({ message: { kind: 'solicitation', target: address } });
    expect(decodeNdp(captured('ndp-announcement'))).toMatchObject({
      message: { kind: 'advertisement', target: address, targetMac: ownMac, override: true },
    });
  });

  it.each([
    ['not-ipv6', 13, 0],
    ['not-icmpv6', 20, 17],
    ['length', 19, 40],
    ['hop-limit', 21, 254],
    ['checksum', 85, 1],
    ['checksum', 55, 1],
  ])('decodeNdp(): names why it refuses: %s', (reason, at, value) => {
    const frame = captured('ndp-announcement').slice();
    frame[at] = value;
    expect(decodeNdp(frame)).toEqual({ kind: 'refused', reason });
  });

  it('decodeNdp(): refuses an option of length 0, whatever its checksum', () => {
    const frame = captured('ndp-announcement').slice();
    // 0201 -> 0200: the checksum, a sum of words, grows by one.
    frame[79] = 0;
    frame[57] = (frame[57] ?? 0) + 1;
    expect(decodeNdp(frame)).toEqual({ kind: 'refused', reason: 'option' });
  });

  it('decodeNdp(): never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(captured('ndp-announcement'))), (bytes) => {
        expect(['ndp', 'refused']).toContain(decodeNdp(bytes).kind);
      }),
      { numRuns: 2000 },
    );
  });
});
