/** Which addresses this host has of its own: for finding out which host of the file it is. */
import { isOurs, type ListResult, listAddresses } from './addresses.ts';
import type { RouteSocket } from './route-socket.ts';

/** Virtual addresses are left out: they move, and do not say who a host is. */
export async function listHostAddresses(route: RouteSocket): Promise<ListResult> {
  const list = await listAddresses(route);
  if (list.kind === 'failed') return list;
  return { kind: 'listed', addresses: list.addresses.filter((address) => !isOurs(address)) };
}
