/** Classic BPF (linux/filter.h) for the frames by which a station claims an address: the kernel throws away all others. */
import { parseIpAddress } from '../wire/ip-address.ts';

export type Filter = readonly (readonly [number, number, number, number])[];

const loadWord = 0x20;
const loadHalf = 0x28;
const loadByte = 0x30;
const jumpIfEqual = 0x15;
const keep = [0x06, 0, 0, 0xffff] as const;
const drop = [0x06, 0, 0, 0] as const;

/** The kernel takes 4,096 instructions (BPF_MAXINSNS); two an address, and a dozen. */
export const filteredAddressesMax = 2000;

const loadSender = [loadWord, 0, 0, 28] as const; // 14 bytes of Ethernet, 14 up to the field

/** ARP packets that have a sender address: for whoever compares it where they are read. */
export const anySenderFilter: Filter = [loadSender, [jumpIfEqual, 1, 0, 0], keep, drop];

/** ARP replies: what answers a question, and every other announcement. */
export const arpReplyFilter: Filter = [[loadHalf, 0, 0, 20], [jumpIfEqual, 0, 1, 2], keep, drop];

/** ARP packets whose sender address is one of these; with more than `filteredAddressesMax`, all that have one. */
export function arpSenderFilter(addresses: readonly string[]): Filter {
  if (addresses.length > filteredAddressesMax) return anySenderFilter;
  const checks = addresses.flatMap((address): Filter => [[jumpIfEqual, 0, 1, lastWord(address)], keep]);
  return [loadSender, ...checks, drop];
}

/** Neighbour advertisements, and solicitations that are not from `::`: for whoever compares the address where they are read. */
export const anyNeighbourFilter: Filter = neighbourFilter([[jumpIfEqual, 1, 0, 0], keep]);

/** Neighbour advertisements, and solicitations from one of these; with more than `filteredAddressesMax`, from any. */
export function neighbourSenderFilter(addresses: readonly string[]): Filter {
  if (addresses.length > filteredAddressesMax) return anyNeighbourFilter;
  return neighbourFilter(addresses.flatMap((address) => [[jumpIfEqual, 0, 1, lastWord(address)], keep]));
}

/** Neighbour advertisements. There are few, and the target is compared where they are read. */
export const advertisementFilter: Filter = [
  [loadByte, 0, 0, 20], // next header
  [jumpIfEqual, 0, 3, 58],
  [loadByte, 0, 0, 54], // ICMPv6 type
  [jumpIfEqual, 0, 1, 136],
  keep,
  drop,
];

/** @param checks of solicitations, with the last word of their source at hand */
function neighbourFilter(checks: Filter): Filter {
  return [
    [loadByte, 0, 0, 20], // next header
    [jumpIfEqual, 1, 0, 58],
    drop,
    [loadByte, 0, 0, 54], // ICMPv6 type
    [jumpIfEqual, 0, 1, 136],
    keep,
    [jumpIfEqual, 1, 0, 135],
    drop,
    [loadWord, 0, 0, 34], // 14 bytes of Ethernet, 20 up to the last word of the source
    ...checks,
    drop,
  ];
}

function lastWord(address: string): number {
  const bytes = parseIpAddress(address)?.bytes.subarray(-4) ?? new Uint8Array(4);
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}
