/** The virtual addresses of a run: IPv4, because that is what all contenders can. */
import type { Lab } from '../../agent/lab/lab.ts';
import { interfaceName } from '../../agent/lab/lab.ts';

/** Up to these fit the hosts' own network, as is usual. */
const ownNetworkMax = 80;

/** 10.77.8.0/21 has rows of 250. */
export const addressesMax = 8 * 250;

/** @returns `address/prefix` */
export function virtualAddresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => virtualAddress(count, index));
}

/** One more than a load of `count` has. */
export function extraAddress(count: number): string {
  return virtualAddress(count, count);
}

function virtualAddress(count: number, index: number): string {
  if (count <= ownNetworkMax) return `10.77.0.${101 + index}/24`;
  return `10.77.${8 + Math.floor(index / 250)}.${1 + (index % 250)}/21`;
}

/** `10.77.0.101/24` -> `10.77.0.101` */
export function bare(address: string): string {
  return address.slice(0, address.indexOf('/'));
}

/** The client has to know that the large loads are on its segment. */
export async function routeToAddresses(lab: Lab): Promise<void> {
  await lab.client.namespace.ip([`route add 10.77.8.0/21 dev ${interfaceName}`]);
}

/** Between two probes of one address: at most some 10,000 a second in all, of which the prober needs a third of a core. */
export function probeIntervalMs(count: number): number {
  if (count <= 8) return 1;
  return Math.ceil(count / 100) * 10;
}
