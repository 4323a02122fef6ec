import { describe, expect, it } from 'vitest';
import { holdfastAddressProtocol } from '../../agent/system/addresses.ts';
import { interfacesOnLink, linkLocalOn } from '../../agent/system/on-link.ts';
import { addressFlags } from '../../agent/wire/rtnetlink-address.ts';
import { kernelAddress } from './kernel-values.ts';

const present = [
  kernelAddress({ address: '192.0.2.5', prefixLength: 24, interfaceIndex: 2 }),
  kernelAddress({ address: '192.0.2.6', prefixLength: 24, interfaceIndex: 2 }),
  kernelAddress({ address: '192.0.2.130', prefixLength: 25, interfaceIndex: 3 }),
  kernelAddress({ address: '2001:db8::5', prefixLength: 64, interfaceIndex: 4 }),
  kernelAddress({
    ...{ address: '198.51.100.1', prefixLength: 24, interfaceIndex: 5 },
    protocol: holdfastAddressProtocol,
  }),
];

describe('interfacesOnLink()', () => {
  it.each<[string, string, number[]]>([
    ['one interface, though two addresses are in the subnet', '192.0.2.1', [2]],
    ['every interface with an address in the subnet', '192.0.2.129', [2, 3]],
    ['IPv6', '2001:db8::1', [4]],
    ['none beyond a router', '203.0.113.1', []],
    ['none where only an address of a set is', '198.51.100.254', []],
  ])('%s', (_name, address, indexes) => {
    expect(interfacesOnLink(address, present)).toEqual(indexes);
  });
});

describe('linkLocalOn()', () => {
  const linkLocal = (address: string, flags: number) => {
    return kernelAddress({ address, prefixLength: 64, interfaceIndex: 2, scope: 253, flags });
  };

  it('is an address of that interface that is no set of ours and that duplicate detection has passed', () => {
    const ours = kernelAddress({
      ...{ address: 'fe80::10', prefixLength: 64, interfaceIndex: 2, scope: 253 },
      protocol: holdfastAddressProtocol,
    });
    const tentative = linkLocal('fe80::1', addressFlags.tentative);
    const usable = linkLocal('fe80::2', addressFlags.permanent);
    expect(linkLocalOn(2, [...present, ours, tentative, usable])).toBe('fe80::2');
    expect(linkLocalOn(2, [...present, ours, tentative])).toBeNull();
    expect(linkLocalOn(3, [usable])).toBeNull();
  });
});
