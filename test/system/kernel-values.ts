/** Values as the kernel's tables have them, with what a test does not care for filled in. */
import type { Link } from '../../agent/system/links.ts';
import { parseMac } from '../../agent/wire/mac-address.ts';
import type { KernelAddress } from '../../agent/wire/rtnetlink-address.ts';

/** An Ethernet link that is up. */
export function link(values: Partial<Link> & Pick<Link, 'index' | 'name'>): Link {
  return {
    mac: parseMac('02:00:00:00:00:0a'),
    up: true,
    carrier: true,
    arp: true,
    loopback: false,
    mtu: 1500,
    kind: null,
    master: null,
    lower: null,
    ...values,
  };
}

export function kernelAddress(
  values: Partial<KernelAddress> & Pick<KernelAddress, 'address' | 'interfaceIndex' | 'prefixLength'>,
): KernelAddress {
  return {
    family: values.address.includes(':') ? 6 : 4,
    peer: null,
    broadcast: null,
    label: null,
    flags: 0,
    scope: 0,
    lifetimes: null,
    routePriority: null,
    protocol: null,
    ...values,
  };
}
