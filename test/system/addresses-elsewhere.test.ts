import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import { holdfastAddressProtocol, type PlacedAddress } from '../../agent/system/addresses.ts';
import { takenElsewhere } from '../../agent/system/addresses-elsewhere.ts';
import type { Link } from '../../agent/system/links.ts';
import type { KernelAddress } from '../../agent/wire/rtnetlink-address.ts';
import { placed } from './kernel-host.ts';

const links = { byIndex: (index: number) => (index === 1 ? ({ name: 'lo' } as Link) : undefined) }; // all that is read
const www = 'www' as SetName; // as a configuration would have it

function present(address: string, prefixLength: number, change: Partial<KernelAddress> = {}): KernelAddress {
  return {
    family: address.includes(':') ? 6 : 4,
    address,
    prefixLength,
    interfaceIndex: 2,
    peer: null,
    broadcast: null,
    label: null,
    flags: 0x80,
    scope: 0,
    lifetimes: null,
    routePriority: null,
    protocol: null,
    ...change,
  };
}

describe('takenElsewhere', () => {
  it.each<[string, PlacedAddress, KernelAddress, string | undefined]>([
    [
      'another prefix length',
      placed('10.0.0.10', 24),
      present('10.0.0.10', 32),
      'Cannot add 10.0.0.10/24 to eth0: it is there already, as 10.0.0.10/32 on interface 2, put there by something else',
    ],
    [
      'another interface',
      placed('fd00::10', 64),
      present('fd00::10', 128, { interfaceIndex: 1 }),
      'Cannot add fd00::10/64 to eth0: it is there already, as fd00::10/128 on lo, put there by something else',
    ],
    ['ours', placed('10.0.0.10', 24), present('10.0.0.10', 32, { protocol: holdfastAddressProtocol }), undefined],
    ['the very same, which the kernel refuses', placed('10.0.0.10', 24), present('10.0.0.10', 24), undefined],
    ['another address', placed('10.0.0.10', 24), present('10.0.0.11', 24), undefined],
    [
      'link-local on another interface',
      placed('fe80::1', 64),
      present('fe80::1', 64, { interfaceIndex: 1 }),
      undefined,
    ],
  ])('takenElsewhere(): %s', (_, wanted, there, why) => {
    expect(takenElsewhere(new Map([[www, [wanted]]]), [there], links).get(www)).toBe(why);
  });
});
