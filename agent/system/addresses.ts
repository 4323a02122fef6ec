/**
 * Virtual addresses in the kernel. Ours carry a mark (IFA_PROTO); an address without it is never changed or removed.
 * Each function takes many addresses, needs few system calls, and gives one result an address, in the order asked.
 */
import type { NetlinkMessage } from '../wire/netlink.ts';
import { addressFlags, decodeAddress, type KernelAddress } from '../wire/rtnetlink-address.ts';
import {
  addRequest,
  addressDump,
  holdfastAddressProtocol,
  type LifetimeOptions,
  operationOn,
  type PlacedAddress,
  removeRequest,
  renewRequest,
  restoreRequest,
} from './address-requests.ts';
import { NetlinkError } from './netlink-error.ts';
import type { RouteResult, RouteSocket } from './route-socket.ts';
import { isSecondary, secondariesLostWith } from './secondaries.ts';

export { holdfastAddressProtocol, type LifetimeOptions, type PlacedAddress } from './address-requests.ts';

/** There already, and not put there by us. */
export class AddressTakenError extends Error {
  readonly code = 'EEXIST';
  readonly present: KernelAddress;

  /** @param where it is, where that is not where it was to be added: `, as 192.0.2.10/32 on lo` */
  constructor(operation: string, present: KernelAddress, where = '') {
    const by = present.protocol === null ? 'something else' : `something else (protocol ${present.protocol})`;
    super(`Cannot ${operation}: it is there already${where}, put there by ${by}`);
    this.name = 'AddressTakenError';
    this.present = present;
  }
}

/** One member of the union a kind, so that a check of the kind narrows it. */
type Plain<Kind> = Kind extends string ? { readonly kind: Kind; readonly address: PlacedAddress } : never;
type Taken = { readonly kind: 'address-taken'; readonly address: PlacedAddress; readonly error: AddressTakenError };
type Failed = { readonly kind: 'failed'; readonly address: PlacedAddress; readonly error: NetlinkError };

/** adopted: it was there already, as ours; its lifetime is the new one. */
export type AddResult = Plain<'added' | 'adopted'> | Taken | Failed;
/** gone: it is not there, and was not put back. */
export type RenewResult = Plain<'renewed' | 'gone'> | Taken | Failed;
/** absent: it was not there. */
export type RemoveResult = Plain<'removed' | 'absent'> | Taken | Failed;

export type ListResult =
  | { readonly kind: 'listed'; readonly addresses: readonly KernelAddress[] }
  | { readonly kind: 'failed'; readonly error: NetlinkError };

/** Every address of this host, whosever it is. */
export async function listAddresses(route: RouteSocket): Promise<ListResult> {
  const result = await route.dump(addressDump);
  return result.kind === 'failed' ? result : { kind: 'listed', addresses: readAddresses(result.messages) };
}

export function isOurs(address: KernelAddress): boolean {
  return address.protocol === holdfastAddressProtocol;
}

/** An address that is there already as ours is adopted. */
export async function addAddresses(
  route: RouteSocket,
  addresses: readonly PlacedAddress[],
  options: LifetimeOptions,
): Promise<readonly AddResult[]> {
  const answers = await route.requests(addresses.map((address) => addRequest(address, options)));
  const there = addresses.filter((_, at) => failedWith(answers[at], 'EEXIST'));
  const adoptions = there.length === 0 ? [] : await renewAddresses(route, there, options);
  const adoptionOf = new Map(adoptions.map((adoption) => [adoption.address, adoption]));
  return addresses.map((address, at): AddResult => {
    const adoption = adoptionOf.get(address);
    if (answers[at]?.kind === 'done') return { kind: 'added', address };
    if (adoption?.kind === 'renewed') return { kind: 'adopted', address };
    if (adoption?.kind === 'address-taken') return taken(operationOn('add', address), address, adoption.error.present);
    // Where it was removed by somebody between the two calls, what the kernel said first stands.
    return adoption?.kind === 'failed' ? adoption : failure(address, answers[at]);
  });
}

/** Sets the lifetime anew. Never re-creates an address that is gone. */
export async function renewAddresses(
  route: RouteSocket,
  addresses: readonly PlacedAddress[],
  options: LifetimeOptions,
): Promise<readonly RenewResult[]> {
  const list = await listAddresses(route);
  if (list.kind === 'failed') return addresses.map((address) => ({ kind: 'failed', address, error: list.error }));
  const present = new PresentAddresses(list.addresses);
  const ours = addresses.filter((address) => present.ours(address) !== null);
  const mustReplace = (address: PlacedAddress) => gainsLifetime(present.ours(address), options);
  const renewed = await Promise.all([
    renewInPlace(
      route,
      ours.filter((address) => !mustReplace(address)),
      options,
    ),
    replaceAddresses(route, ours.filter(mustReplace), options),
  ]);
  const results = new Map(renewed.flat().map((result) => [result.address, result]));
  return addresses.map((address): RenewResult => {
    const foreign = present.foreign(address);
    if (foreign !== null) return taken(operationOn('renew', address), address, foreign);
    return results.get(address) ?? { kind: 'gone', address };
  });
}

/** What is not ours stays; so do other addresses, ours or not, that the kernel would remove along with these. */
export async function removeAddresses(
  route: RouteSocket,
  addresses: readonly PlacedAddress[],
): Promise<readonly RemoveResult[]> {
  const list = await listAddresses(route);
  if (list.kind === 'failed') return addresses.map((address) => ({ kind: 'failed', address, error: list.error }));
  const present = new PresentAddresses(list.addresses);
  // Secondaries first: a primary takes along or promotes only what stays.
  const ours = addresses
    .flatMap((address) => {
      const there = present.ours(address);
      return there === null ? [] : [{ address, there }];
    })
    .sort((a, b) => Number(isSecondary(b.there)) - Number(isSecondary(a.there)));
  const lost = secondariesLostWith(new Set(ours.map(({ there }) => there)), list.addresses);
  const answers = await route.requests([
    ...ours.map(({ address, there }) => removeRequest(address, there)),
    ...lost.map(restoreRequest),
  ]);
  const answerOf = new Map(ours.map(({ address }, at) => [address, answers[at]]));
  return addresses.map((address): RemoveResult => {
    const foreign = present.foreign(address);
    if (foreign !== null) return taken(operationOn('remove', address), address, foreign);
    if (present.ours(address) === null) return { kind: 'absent', address };
    const answer = answerOf.get(address);
    if (answer?.kind === 'done') return { kind: 'removed', address };
    return failedWith(answer, 'EADDRNOTAVAIL') ? { kind: 'absent', address } : failure(address, answer);
  });
}

/**
 * Removed and added again, in one system call: behind what else is in their subnet. The caller knows that it still holds them.
 * @returns what the kernel refused
 */
export async function addBehind(
  route: RouteSocket,
  addresses: readonly { readonly address: PlacedAddress; readonly there: KernelAddress }[],
  options: LifetimeOptions,
): Promise<readonly NetlinkError[]> {
  // Secondaries first: what is promoted when the primary goes is not one of these.
  const ordered = [...addresses].sort((a, b) => Number(isSecondary(b.there)) - Number(isSecondary(a.there)));
  const answers = await route.requests([
    ...ordered.map(({ address, there }) => removeRequest(address, there)),
    ...ordered.map(({ address }) => addRequest(address, options)),
  ]);
  return answers.flatMap((answer) => (answer.kind === 'failed' ? [answer.error] : []));
}

async function renewInPlace(
  route: RouteSocket,
  addresses: readonly PlacedAddress[],
  options: LifetimeOptions,
): Promise<readonly RenewResult[]> {
  const answers = await route.requests(addresses.map((address) => renewRequest(address, options)));
  if (answers.every(({ kind }) => kind === 'done')) return addresses.map((address) => ({ kind: 'renewed', address }));
  // EINVAL has one meaning more than 'it is gone': look.
  const list = await listAddresses(route);
  const after = list.kind === 'listed' ? new PresentAddresses(list.addresses) : null;
  return addresses.map((address, at): RenewResult => {
    if (answers[at]?.kind === 'done') return { kind: 'renewed', address };
    return after?.find(address) === null ? { kind: 'gone', address } : failure(address, answers[at]);
  });
}

/** Removed and added again, and only where the removal says that it was there. */
async function replaceAddresses(
  route: RouteSocket,
  addresses: readonly PlacedAddress[],
  options: LifetimeOptions,
): Promise<readonly RenewResult[]> {
  if (addresses.length === 0) return [];
  const removals = await removeAddresses(route, addresses);
  const removed = removals.flatMap((result) => (result.kind === 'removed' ? [result.address] : []));
  const additions = await addAddresses(route, removed, options);
  const additionOf = new Map(additions.map((addition) => [addition.address, addition]));
  return removals.map((removal): RenewResult => {
    if (removal.kind === 'address-taken' || removal.kind === 'failed') return removal;
    const addition = additionOf.get(removal.address);
    if (addition?.kind === 'address-taken' || addition?.kind === 'failed') return addition;
    return { kind: addition === undefined ? 'gone' : 'renewed', address: removal.address };
  });
}

/**
 * Giving a permanent IPv6 address a lifetime makes the kernel (6.18) give one to the route of its prefix as well, also where that
 * belongs to the host's own address; the route expires, and the host has lost its segment.
 */
export function gainsLifetime(there: KernelAddress | null, options: LifetimeOptions): boolean {
  const permanent = there !== null && (there.flags & addressFlags.permanent) !== 0;
  return permanent && there.family === 6 && options.lifetimeSeconds !== 'never';
}

/** What the kernel has, by key. */
class PresentAddresses {
  readonly #byKey = new Map<string, KernelAddress>();

  constructor(addresses: readonly KernelAddress[]) {
    for (const address of addresses) this.#byKey.set(keyOf(address), address);
  }

  find(wanted: PlacedAddress): KernelAddress | null {
    return this.#byKey.get(keyOf(wanted)) ?? null;
  }

  ours(wanted: PlacedAddress): KernelAddress | null {
    const found = this.find(wanted);
    return found !== null && isOurs(found) ? found : null;
  }

  foreign(wanted: PlacedAddress): KernelAddress | null {
    const found = this.find(wanted);
    return found === null || isOurs(found) ? null : found;
  }
}

/** What makes an address one: IPv4 can have it with several prefix lengths on an interface, IPv6 cannot. */
export function keyOf({
  family,
  interfaceIndex,
  address,
  prefixLength,
}: Pick<KernelAddress, 'family' | 'interfaceIndex' | 'address' | 'prefixLength'>): string {
  return `${interfaceIndex} ${address}${family === 4 ? `/${prefixLength}` : ''}`;
}

/** Also in its prefix length, which the kernel does not change in an IPv6 address that is there. */
export function isSame(address: PlacedAddress, other: PlacedAddress): boolean {
  return keyOf(address) === keyOf(other) && address.prefixLength === other.prefixLength;
}

function readAddresses(messages: readonly NetlinkMessage[]): readonly KernelAddress[] {
  return messages.flatMap((message) => {
    const decoded = decodeAddress(message.body);
    return decoded.kind === 'refused' ? [] : [decoded.address];
  });
}

function failedWith(answer: RouteResult | undefined, code: string): boolean {
  return answer?.kind === 'failed' && answer.error.code === code;
}

function failure(address: PlacedAddress, answer: RouteResult | undefined): Failed {
  const error =
    answer?.kind === 'failed'
      ? answer.error
      : new NetlinkError({ operation: `change ${address.address}`, code: 'EIO' });
  return { kind: 'failed', address, error };
}

function taken(operation: string, address: PlacedAddress, by: KernelAddress): Taken {
  return { kind: 'address-taken', address, error: new AddressTakenError(operation, by) };
}
