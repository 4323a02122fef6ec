/**
 * Who is told of an address besides everybody: the routers of this host, and the hosts of `notify`. They are asked for themselves, from
 * the address: a question addressed to a host makes it take the asker's MAC (RFC 826, RFC 4861 §7.2.3), where it may ignore what is
 * addressed to all.
 */
import { readFileSync } from 'node:fs';
import type { InterfaceChoice, IpAddress } from '../config/config.ts';
import { type IpNumber, isWithin, parseIp } from '../config/ip-number.ts';
import { routeTypes } from '../wire/rtnetlink.ts';
import { decodeRoute, encodeRouteLookup } from '../wire/rtnetlink-route.ts';
import type { AddressWatch } from './address-watch.ts';
import { isOurs, type PlacedAddress } from './addresses.ts';
import type { Clock } from './clock.ts';
import type { InterfaceFinder } from './interface-finder.ts';
import type { RouteRequest, RouteSocket } from './route-socket.ts';

export type AudienceScope = {
  /** Those that carry sets. */
  readonly interfaces: readonly InterfaceChoice[];
  readonly notify: readonly IpAddress[];
};

export type AudienceOptions = AudienceScope & {
  readonly route: RouteSocket;
  readonly finder: Pick<InterfaceFinder, 'find'>;
  readonly watch: AddressWatch;
  readonly clock: Clock;
};

/** Default gateways change rarely; one that changed is told at the next claim after this at the latest. */
const lookIntervalMs = 30_000;
/** Only a default route leads there: the dummy address of RFC 7600 §5, and the first of all global unicast addresses. */
const farAway = { 4: '192.0.0.8', 6: '2000::1' } as const;

export class Audience {
  readonly #options: AudienceOptions;
  #interfaces: readonly InterfaceChoice[];
  #notify: readonly { readonly host: IpAddress; readonly number: IpNumber | undefined }[];
  /** `<interface index> <IP version>` -> its gateway. At most two an interface. */
  readonly #routers = new Map<string, string>();
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: AudienceOptions) {
    this.#options = options;
    this.#interfaces = options.interfaces;
    this.#notify = numbered(options.notify);
  }

  /** The routers of interfaces that are new are known a moment later. */
  change({ interfaces, notify }: AudienceScope): void {
    const added = interfaces.some((name) => !this.#interfaces.includes(name));
    this.#interfaces = interfaces;
    this.#notify = numbered(notify);
    if (added && !this.#closed) void this.#look();
  }

  /** Resolves when the routers are known. */
  async open(): Promise<void> {
    await this.#look();
    if (!this.#closed) this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** At most the hosts of `notify` and one router; never the address itself. */
  of(address: PlacedAddress): readonly string[] {
    const router = this.#routers.get(`${address.interfaceIndex} ${address.family}`);
    const notified = this.#notify.length === 0 ? [] : this.#notifiedOf(address);
    const hosts = new Set(router === undefined ? notified : [router, ...notified]);
    hosts.delete(address.address);
    return [...hosts];
  }

  /** Whether this host forwards IPv6 packets that come in on the interface: then its advertisements say so. */
  isRouter(interfaceName: string): boolean {
    try {
      return readFileSync(`/proc/sys/net/ipv6/conf/${interfaceName}/forwarding`, 'latin1').trim() !== '0';
    } catch {
      return false; // the interface has gone, or the kernel has no IPv6
    }
  }

  /** Those on the link: in the address's own subnet, or in one that the host itself is in. */
  #notifiedOf(address: PlacedAddress): readonly IpAddress[] {
    const own = this.#options.watch
      .all()
      .filter((it) => it.interfaceIndex === address.interfaceIndex && it.family === address.family && !isOurs(it));
    const subnets = [address, ...own].flatMap(({ address: text, prefixLength }) => {
      const network = parseIp(text);
      return network === undefined ? [] : [{ network, prefixLength }];
    });
    return this.#notify.flatMap(({ host, number }) =>
      number !== undefined && subnets.some(({ network, prefixLength }) => isWithin(number, network, prefixLength))
        ? [host]
        : [],
    );
  }

  async #look(): Promise<void> {
    const indexes = this.#interfaces.flatMap((choice) => {
      const place = this.#options.finder.find(choice);
      return place.kind === 'none' ? [] : [place.link.index];
    });
    const wanted = [...new Set(indexes)].flatMap((index) => ([4, 6] as const).map((family) => ({ index, family })));
    const answers = await this.#options.route.requests(
      wanted.map(({ index, family }): RouteRequest => {
        const body = encodeRouteLookup(farAway[family], index);
        return { type: routeTypes.getRoute, flags: 0, body, operation: `look for the router on interface ${index}` };
      }),
    );
    this.#routers.clear();
    for (const [at, { index, family }] of wanted.entries()) {
      const answer = answers[at];
      if (answer?.kind !== 'done') continue; // ENETUNREACH: there is none
      for (const { type, body } of answer.messages) {
        const decoded = type === routeTypes.newRoute ? decodeRoute(body) : null;
        if (decoded?.kind !== 'route' || decoded.route.gateway === null) continue;
        if (decoded.route.interfaceIndex === index) this.#routers.set(`${index} ${family}`, decoded.route.gateway);
      }
    }
  }

  #arm(): void {
    this.#cancel = this.#options.clock.after(lookIntervalMs, () => {
      this.#arm();
      void this.#look();
    });
  }
}

function numbered(
  notify: readonly IpAddress[],
): readonly { readonly host: IpAddress; readonly number: IpNumber | undefined }[] {
  return notify.map((host) => ({ host, number: parseIp(host) }));
}
