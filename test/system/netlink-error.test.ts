import { describe, expect, it } from 'vitest';
import { errnoCode, NetlinkError } from '../../agent/system/netlink-error.ts';

describe('NetlinkError', () => {
  it.each([
    ['EPERM', null, 'Cannot add 192.0.2.10/24 to eth0: EPERM (needs CAP_NET_ADMIN)'],
    ['EINVAL', 'ipv4: Invalid prefix', 'Cannot add 192.0.2.10/24 to eth0: EINVAL (ipv4: Invalid prefix)'],
    ['EIO', null, 'Cannot add 192.0.2.10/24 to eth0: EIO'],
  ])('NetlinkError: %s with the words %j', (code, kernelText, message) => {
    expect(new NetlinkError({ operation: 'add 192.0.2.10/24 to eth0', code, kernelText }).message).toBe(message);
  });

  it('errnoCode(): has the name of the number', () => {
    expect([errnoCode(1), errnoCode(99)]).toEqual(['EPERM', 'EADDRNOTAVAIL']);
  });
});
