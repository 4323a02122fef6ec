/**
 * Whose an address is, where the kernel does not keep IFA_PROTO (before Linux 5.18): ours is what this agent has put there, or has from a
 * guard, and what has a lifetime, as all of ours do; what somebody else adds mostly has none. It stands before the route socket, so that nobody
 * else need know: the mark is written into what the kernel says of such an address.
 */
import type { GuardedAddress } from '../wire/guard-message.ts';
import type { NetlinkMessage } from '../wire/netlink.ts';
import { encodeAttributes, uint8Value } from '../wire/netlink-attributes.ts';
import { routeTypes } from '../wire/rtnetlink.ts';
import { addressFlags, decodeAddress, ifaProtocol, type KernelAddress } from '../wire/rtnetlink-address.ts';
import { holdfastAddressProtocol, keyOf, type LifetimeOptions, listAddresses } from './addresses.ts';
import type { RouteRequest, RouteResult, RouteSocket } from './route-socket.ts';

/** The release that began to keep it. */
const sinceRelease = [5, 18] as const;

/**
 * @param release as `uname -r` says
 * @param present addresses of the host: where one has a protocol, the kernel knows it, whatever its release is called
 */
export function keepsProtocol(release: string, present: readonly KernelAddress[]): boolean {
  if (present.some(({ protocol }) => protocol !== null)) return true;
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return major > sinceRelease[0] || (major === sinceRelease[0] && minor >= sinceRelease[1]);
}

export type MarkedSocket = {
  readonly route: RouteSocket /** Null: the kernel keeps them. */;
  readonly marks: Marks | null;
};

/** @throws NetlinkError where the kernel does not tell its addresses */
export async function markedSocket(
  route: RouteSocket,
  release: string,
  options: LifetimeOptions,
): Promise<MarkedSocket> {
  const list = await listAddresses(route);
  if (list.kind === 'failed') throw list.error;
  if (keepsProtocol(release, list.addresses)) return { route, marks: null };
  const marks = new Marks(options);
  return { route: marks.before(route), marks };
}

export class Marks {
  /** UNBOUNDED: by the pool, whose addresses alone are put there. */
  readonly #ours = new Set<string>();
  /** Of ours, those that were made to stay: without a lifetime they are ours all the same. */
  readonly #permanent = new Set<string>();
  readonly #lifetimeSeconds: number | 'never';

  /** @param lifetimeSeconds of ours; 'never': what others put in the place of one is taken for ours */
  constructor({ lifetimeSeconds }: LifetimeOptions) {
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  /** What a guard has kept since the agent before this one died. */
  adopt(addresses: readonly Pick<GuardedAddress, 'family' | 'address' | 'prefixLength' | 'interfaceIndex'>[]): void {
    for (const address of addresses) this.#ours.add(keyOf(address));
  }

  /** The same socket, for a kernel that forgets who put an address there. */
  before(route: RouteSocket): RouteSocket {
    const requests = async (list: readonly RouteRequest[]): Promise<readonly RouteResult[]> => {
      const begun = list.map((request) => this.#begin(request));
      const results = await route.requests(list);
      for (const [at, settle] of begun.entries()) settle(results[at]?.kind === 'done');
      return results.map((result) => this.#read(result));
    };
    return {
      ...route,
      requests,
      async request(request) {
        const [result] = await requests([request]);
        if (result === undefined) throw new Error('one request has one result');
        return result;
      },
      orders: (list) => this.#order(route, list),
      dump: async (request) => this.#read(await route.dump(request)),
      onNotification: (listener) => route.onNotification((message) => listener(this.#mark(message))),
    };
  }

  /** Before the kernel is asked: its notification may overtake the answer. @returns what is to be called with that, in order */
  #begin({ type, body }: RouteRequest): (done: boolean) => void {
    const decoded = decodeAddress(body);
    if (decoded.kind === 'refused') return () => {};
    const key = keyOf(decoded.address);
    if (type === routeTypes.deleteAddress) return (done) => void (done && this.#forget(key));
    if (type !== routeTypes.newAddress || decoded.address.protocol !== holdfastAddressProtocol) return () => {};
    const known = this.#ours.has(key);
    const stays = decoded.address.lifetimes?.valid === 'forever';
    this.#ours.add(key);
    if (stays) this.#permanent.add(key);
    return (done) => {
      if (done) this.#ours.add(key);
      else if (!known) this.#forget(key);
      if (done && !stays) this.#permanent.delete(key);
    };
  }

  #forget(key: string): void {
    this.#ours.delete(key);
    this.#permanent.delete(key);
  }

  /** Renewals: what was made to stay has a lifetime again. */
  async #order(route: RouteSocket, list: readonly RouteRequest[]): ReturnType<RouteSocket['orders']> {
    const errors = await route.orders(list);
    if (this.#permanent.size === 0) return errors;
    for (const [at, request] of list.entries()) if (errors[at] === null) this.#begin(request)(true);
    return errors;
  }

  #read(result: RouteResult): RouteResult {
    if (result.kind === 'failed') return result;
    return { kind: 'done', messages: result.messages.map((message) => this.#mark(message)) };
  }

  #mark(message: NetlinkMessage): NetlinkMessage {
    if (message.type !== routeTypes.newAddress && message.type !== routeTypes.deleteAddress) return message;
    const decoded = decodeAddress(message.body);
    if (decoded.kind === 'refused' || !this.#isOurs(decoded.address)) return message;
    const mark = encodeAttributes([[ifaProtocol, uint8Value(holdfastAddressProtocol)]]);
    return { ...message, body: Buffer.concat([message.body, mark]) };
  }

  #isOurs(address: KernelAddress): boolean {
    const permanent = (address.flags & addressFlags.permanent) !== 0;
    const key = keyOf(address);
    return this.#ours.has(key) && (this.#lifetimeSeconds === 'never' || !permanent || this.#permanent.has(key));
  }
}
