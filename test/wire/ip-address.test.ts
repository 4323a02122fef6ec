import { isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIpAddress, formatIpAddress, parseIpAddress } from '../../agent/wire/ip-address.ts';

const ipv6Like = fc
  .array(
    fc.constantFrom(':', '::', '0', '1', 'ff', 'FFFF', '00ab', '12345', 'g', '192.0.2.1', '256.1.1.1', '%1', '.'),
    {
      maxLength: 16,
    },
  )
  .map((parts) => parts.join(''));
const ipv4Like = fc
  .array(fc.constantFrom('0', '1', '255', '256', '01', '', '1e1', '-1'), { maxLength: 6 })
  .map((p) => p.join('.'));

describe('parseIpAddress', () => {
  it.each([
    ['192.0.2.10', 4, 'c000020a'],
    ['0.0.0.0', 4, '00000000'],
    ['2001:db8:20::10', 6, '20010db8002000000000000000000010'],
    ['::', 6, '00000000000000000000000000000000'],
    ['1:2:3:4:5:6:7::', 6, '00010002000300040005000600070000'],
    ['::ffff:192.0.2.1', 6, '00000000000000000000ffffc0000201'],
    ['64:ff9b::192.0.2.33', 6, '0064ff9b0000000000000000c0000221'],
  ] as const)('parseIpAddress(): %s', (text, family, hex) => {
    expect(parseIpAddress(text)).toEqual({ family, bytes: Uint8Array.from(Buffer.from(hex, 'hex')) });
  });

  it.each([
    '',
    ':',
    '1',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    'fe80::1%eth0',
    '::1.2.3',
    '1.2.3.4::',
  ])('parseIpAddress(): refuses %j', (text) => {
    expect(parseIpAddress(text)).toBeNull();
  });

  it('parseIpAddress(): takes and refuses what net.isIP does, zones apart', () => {
    fc.assert(
      fc.property(fc.oneof(ipv6Like, ipv4Like, fc.ipV6(), fc.ipV4(), fc.string()), (text) => {
        expect(parseIpAddress(text)?.family ?? 0).toBe(text.includes('%') ? 0 : isIP(text));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('formatIpAddress', () => {
  it('formatIpAddress(): writes IPv6 as the C library does', () => {
    const groups = fc.array(fc.constantFrom(0, 0, 0, 1, 0xabcd, 0xffff), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (values) => {
        const text = values.map((value) => value.toString(16)).join(':');
        // The C library writes the deprecated ::a.b.c.d mixed as well; RFC 5952 does not ask for it.
        fc.pre(values.slice(0, 6).some((value) => value !== 0));
        expect(canonicalIpAddress(text)).toBe(new SocketAddress({ address: text, family: 'ipv6' }).address);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::FFFF:c000:201', '::ffff:192.0.2.1'],
    ['0:0:0:0:0:0:0:0', '::'],
  ])('canonicalIpAddress(): %s is %s', (text, canonical) => {
    expect(canonicalIpAddress(text)).toBe(canonical);
  });

  it('formatIpAddress(): and back gives the same bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        expect(parseIpAddress(formatIpAddress(value))?.bytes).toEqual(value);
      }),
    );
  });
});
