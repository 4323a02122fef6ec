/** What is asked of the kernel about addresses, as messages. */
import type { VirtualAddress } from '../config/config.ts';
import { netlinkFlags } from '../wire/netlink.ts';
import { families, routeTypes } from '../wire/rtnetlink.ts';
import { addressFlags, encodeAddress, encodeAddressDump, type KernelAddress } from '../wire/rtnetlink-address.ts';
import type { RouteRequest } from './route-requests.ts';

/**
 * IFA_PROTO of our addresses: 72, ASCII 'H'. Taken are 0 to 3 (linux/if_addr.h: unspecified, loopback, router advertisement,
 * link-local); and since people reuse the numbers of route protocols for it, none of /etc/iproute2/rt_protos either.
 */
export const holdfastAddressProtocol = 72;

export type PlacedAddress = VirtualAddress & { readonly interfaceIndex: number };

export type LifetimeOptions = {
  /** Whole seconds until the kernel removes an address that is not renewed, or 'never'. */
  readonly lifetimeSeconds: number | 'never';
};

export const addressDump: RouteRequest = {
  type: routeTypes.getAddress,
  flags: 0,
  body: encodeAddressDump(families.unspecified, 0),
  operation: 'list the addresses',
};

const prepositions = { add: 'to', renew: 'on', remove: 'from' } as const;

/** `add 192.0.2.10/24 to eth0` */
export function operationOn(verb: keyof typeof prepositions, address: VirtualAddress): string {
  return `${verb} ${address.address}/${address.prefixLength} ${prepositions[verb]} ${address.interface}`;
}

export function addRequest(address: PlacedAddress, options: LifetimeOptions): RouteRequest {
  return {
    type: routeTypes.newAddress,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    operation: operationOn('add', address),
    body: encodeAddress(ours(address, options, 0)),
  };
}

/**
 * Fails where the address is not there: EINVAL. The kernel takes a plain RTM_NEWADDR with NLM_F_REPLACE for an order to create
 * what is missing. With IFA_F_MCAUTOJOIN, creating an address joins it as a multicast group first, which fails for a unicast
 * one; changing an address that exists does not look at the flag (IPv6 keeps it: `ip addr` shows `autojoin`).
 */
export function renewRequest(address: PlacedAddress, options: LifetimeOptions): RouteRequest {
  return {
    type: routeTypes.newAddress,
    flags: netlinkFlags.replace,
    operation: operationOn('renew', address),
    body: encodeAddress(ours(address, options, addressFlags.multicastAutoJoin)),
  };
}

export function removeRequest(address: PlacedAddress, there: KernelAddress): RouteRequest {
  const body = encodeAddress({ ...bare(address), prefixLength: there.prefixLength });
  return { type: routeTypes.deleteAddress, flags: 0, operation: operationOn('remove', address), body };
}

/** As it was. Fails with EEXIST where the kernel kept it: nobody waits for the answer. */
export function restoreRequest(lost: KernelAddress): RouteRequest {
  return {
    type: routeTypes.newAddress,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    operation: `restore ${lost.address}/${lost.prefixLength}`,
    body: encodeAddress({ ...lost, flags: lost.flags & addressFlags.noPrefixRoute }),
  };
}

function ours(address: PlacedAddress, options: LifetimeOptions, extraFlags: number): KernelAddress {
  const valid = options.lifetimeSeconds === 'never' ? 'forever' : options.lifetimeSeconds;
  return {
    ...bare(address),
    // IPv6: owned by agreement, so not probed for; deprecated, so that the host does not speak from it unless asked to. IPv4 knows
    // neither: there a host speaks from the primary of the subnet.
    flags: (address.family === 6 ? addressFlags.noDuplicateDetection : 0) | extraFlags,
    lifetimes: { preferred: address.family === 6 && address.preferredSource !== true ? 0 : valid, valid },
    protocol: holdfastAddressProtocol,
  };
}

function bare(address: PlacedAddress): KernelAddress {
  return {
    family: address.family,
    address: address.address,
    prefixLength: address.prefixLength,
    interfaceIndex: address.interfaceIndex,
    peer: null,
    broadcast: null,
    label: null,
    flags: 0,
    scope: 0,
    lifetimes: null,
    routePriority: null,
    protocol: null,
  };
}
