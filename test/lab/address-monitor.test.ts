import { describe, expect, it } from 'vitest';
import { parseAddressLine } from '../../agent/lab/address-monitor.ts';

const wallMs = Date.parse('2026-11-21T05:15:50Z') + 905.849;

describe('parseAddressLine()', () => {
  it.each([
    [
      '[2026-11-21T05:15:50.905849] 2: eth0    inet 10.1.1.1/24 scope global eth0\\       valid_lft forever preferred_lft forever',
      { wallMs, kind: 'held', interface: 'eth0', address: '10.1.1.1', prefixLength: 24 },
    ],
    [
      '[2026-11-21T05:15:50.905849] Deleted 2: eth0    inet6 2001:db8::1/64 scope global deprecated tentative dynamic \\       valid_lft 6sec preferred_lft 0sec',
      { wallMs, kind: 'gone', interface: 'eth0', address: '2001:db8::1', prefixLength: 64 },
    ],
    [
      '[2026-11-21T05:15:50.905849] 1: lo    inet 10.1.1.1 peer 10.1.1.9/32 scope global lo\\       valid_lft forever preferred_lft forever',
      { wallMs, kind: 'held', interface: 'lo', address: '10.1.1.1', prefixLength: 32 },
    ],
  ])('reads %s', (line, expected) => {
    expect(parseAddressLine(line)).toEqual(expected);
  });

  it.each(['', 'Timestamp: Fri', '[2026-11-21T05:15:50.905849] 2: eth0: <BROADCAST> mtu 1500'])(
    'gives null for "%s"',
    (line) => {
      expect(parseAddressLine(line)).toBeNull();
    },
  );
});
