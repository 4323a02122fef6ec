/**
 * What members tell each other of the hosts that they talk with on the segments of the sets: who takes a set over tells them one by one
 * where its addresses are now. JSON, as ownership's messages. The newest message of a member replaces the one before.
 */
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { type MacAddress, parseMac } from './mac-address.ts';
import { readOpened } from './opening.ts';

export type Neighbour = {
  /** Canonical text, of either IP version. */
  readonly address: string;
  readonly mac: MacAddress;
};

/** Some 12 KB: a dozen frames of the channel. */
export const neighboursMax = 256;

export function encodeNeighbours(neighbours: readonly Neighbour[]): Uint8Array {
  const hosts = neighbours.slice(0, neighboursMax).map(({ address, mac }) => [address, mac]);
  return new TextEncoder().encode(JSON.stringify({ kind: 'neighbours', hosts }));
}

/** Never throws. Null where it is another message. */
export function decodeNeighbours(bytes: Uint8Array): readonly Neighbour[] | null {
  const message = readOpened(bytes, 'neighbours');
  if (message === null) return null;
  const hosts: readonly unknown[] = Array.isArray(message.hosts) ? message.hosts : [];
  return hosts.slice(0, neighboursMax).flatMap((host) => readHost(host) ?? []);
}

function readHost(host: unknown): Neighbour | null {
  if (!Array.isArray(host)) return null;
  const [address, mac]: readonly unknown[] = host;
  const ip = typeof address === 'string' ? parseIpAddress(address) : null;
  const station = typeof mac === 'string' ? parseMac(mac) : null;
  return ip === null || station === null ? null : { address: formatIpAddress(ip.bytes), mac: station };
}
