/**
 * Renews what is held: the one thing an agent does all the time for each address. So nothing is listed for it but what the table of this
 * host's addresses has anyway, requests are made once, and only what goes wrong is answered. All else is for `renewAddresses`.
 */
import { renewRequest } from './address-requests.ts';
import type { AddressWatch } from './address-watch.ts';
import {
  gainsLifetime,
  isOurs,
  keyOf,
  type LifetimeOptions,
  type PlacedAddress,
  type RenewResult,
  renewAddresses,
} from './addresses.ts';
import type { RouteRequest, RouteSocket } from './route-socket.ts';

export type RenewalOptions = {
  readonly route: RouteSocket;
  readonly watch: Pick<AddressWatch, 'all'>;
  readonly lifetime: LifetimeOptions;
};

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #requests = new WeakMap<PlacedAddress, RouteRequest>();

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /** Never re-creates an address that is gone. @returns what was not renewed at the first attempt */
  async renew(addresses: readonly PlacedAddress[]): Promise<readonly RenewResult[]> {
    const { route, watch, lifetime } = this.#options;
    const special = new Set(
      watch
        .all()
        .filter((address) => !isOurs(address) || gainsLifetime(address, lifetime))
        .map(keyOf),
    );
    const usual = addresses.filter((address) => !special.has(keyOf(address)));
    const errors = await route.orders(usual.map((address) => this.#requestOf(address)));
    const rest = new Set(usual.filter((_, at) => errors[at] !== null));
    if (usual.length < addresses.length) for (const each of addresses) if (special.has(keyOf(each))) rest.add(each);
    return rest.size === 0 ? [] : renewAddresses(route, [...rest], lifetime);
  }

  #requestOf(address: PlacedAddress): RouteRequest {
    const known = this.#requests.get(address);
    if (known !== undefined) return known;
    const request = renewRequest(address, this.#options.lifetime);
    this.#requests.set(address, request);
    return request;
  }
}
