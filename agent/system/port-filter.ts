/** A netlink socket that does not hear what another socket of ours brought about. */
import { viewOf } from '../wire/bytes.ts';
import { hostIsLittleEndian } from '../wire/netlink.ts';
import type { Filter } from './claim-filter.ts';

const loadWord = 0x20;
const jumpIfEqual = 0x15;
const keep = [0x06, 0, 0, 0xffffffff] as const;
const drop = [0x06, 0, 0, 0] as const;
/** In struct nlmsghdr. */
const portIdOffset = 12;

/** IPv6 says of no address by whom it was changed (inet6_ifa_notify): what is about those passes. */
export function deafToPort(portId: number): Filter {
  return [[loadWord, 0, 0, portIdOffset], [jumpIfEqual, 0, 1, asLoaded(portId)], drop, keep];
}

/** BPF loads in network order what netlink has in the host's. */
function asLoaded(portId: number): number {
  const bytes = viewOf(new Uint8Array(4));
  bytes.setUint32(0, portId, hostIsLittleEndian);
  return bytes.getUint32(0);
}
