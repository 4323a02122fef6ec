/**
 * Who is told of an address besides everybody: the routers that this host's routes name, the hosts of `notify`, and those that a member talks with. They are asked for themselves, from
 * the address: a question addressed to a host makes it take the asker's MAC (RFC 826, RFC 4861 §7.2.3), where it may ignore what is
 * addressed to all.
 */
import { readFileSync } from 'node:fs';
import { subnetOf } from '../config/address.ts';
import type { InterfaceChoice, IpAddress } from '../config/config.ts';
import { type IpNumber, isWithin, parseIp } from '../config/ip-number.ts';
import { type Neighbour, neighboursMax } from '../wire/neighbours-message.ts';
import { routeTypes } from '../wire/rtnetlink.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import { decodeRoute, encodeRouteLookup } from '../wire/rtnetlink-route.ts';
import type { AddressWatch } from './address-watch.ts';
import { isOurs, type PlacedAddress } from './addresses.ts';
import type { ToldHost } from './announcement.ts';
import type { Clock } from './clock.ts';
import type { InterfaceFinder } from './interface-finder.ts';
import { nextHopsMax, readNextHops } from './next-hops.ts';
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
  /** Hosts that a member of the group talks with. */
  readonly neighbours: () => readonly Neighbour[];
};

/** Routers change rarely; one that changed is told at the next claim after this at the latest, on a host where looking is quick. */
const lookIntervalMs = 30_000;
/** A kernel with a million routes takes long to go through them: looking is at most one part in so many of the time. */
const lookShare = 1_000;
const lookIntervalMsMax = 600_000;
/** One answer serves the addresses of a subnet that are announced together. */
const answerMsMax = 1_000;
/** Only a default route leads there: the dummy address of RFC 7600 §5, and the first of all global unicast addresses. */
const farAway = { 4: '192.0.0.8', 6: '2000::1' } as const;

export class Audience {
  readonly #options: AudienceOptions;
  #interfaces: readonly InterfaceChoice[];
  #notify: readonly IpAddress[];
  /** `<interface index> <IP version>` -> its gateways, the default one first. At most `nextHopsMax` each. */
  #routers: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  /** By interface and subnet, since `#answeredAt`. At most one a subnet of the file. */
  readonly #answers = new Map<string, readonly ToldHost[]>();
  #answeredAt = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: AudienceOptions) {
    this.#options = options;
    this.#interfaces = options.interfaces;
    this.#notify = options.notify;
  }

  /** The routers of interfaces that are new are known a moment later. */
  change({ interfaces, notify }: AudienceScope): void {
    const added = interfaces.some((name) => !this.#interfaces.includes(name));
    this.#interfaces = interfaces;
    this.#notify = notify;
    this.#answers.clear();
    if (added && !this.#closed) void this.#look();
  }

  /** Resolves when the routers are known. */
  async open(): Promise<void> {
    const { clock } = this.#options;
    const beganAt = clock.now();
    await this.#look();
    if (!this.#closed) this.#arm(clock.now() - beganAt);
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** At most `nextHopsMax` routers, the hosts of `notify`, and `neighboursMax` others; never the address itself. */
  of(address: PlacedAddress): readonly ToldHost[] {
    const now = this.#options.clock.now();
    if (now - this.#answeredAt > answerMsMax) this.#answers.clear();
    if (this.#answers.size === 0) this.#answeredAt = now;
    const number = parseIp(address.address);
    if (number === undefined) return [];
    const subnet = { number, prefixLength: address.prefixLength };
    const key = `${address.interfaceIndex} ${subnetOf(number, address.prefixLength)}`;
    const known = this.#answers.get(key) ?? this.#onLink(address, subnet);
    this.#answers.set(key, known);
    return known.filter((host) => host.address !== address.address);
  }

  /** Whether this host forwards IPv6 packets that come in on the interface: then its advertisements say so. */
  isRouter(interfaceName: string): boolean {
    try {
      return readFileSync(`/proc/sys/net/ipv6/conf/${interfaceName}/forwarding`, 'latin1').trim() !== '0';
    } catch {
      return false; // the interface has gone, or the kernel has no IPv6
    }
  }

  /** In the address's own subnet, or in one that the host itself is in. */
  #onLink({ interfaceIndex, family }: PlacedAddress, subnet: NumberedSubnet): readonly ToldHost[] {
    const present = this.#options.watch.all();
    const own = present.filter((it) => it.interfaceIndex === interfaceIndex && it.family === family && !isOurs(it));
    const subnets = [subnet, ...own.flatMap(numbered)];
    const isNear = (host: string) => {
      const number = parseIp(host);
      return number !== undefined && subnets.some((each) => isWithin(number, each.number, each.prefixLength));
    };
    const routers = this.#routers.get(`${interfaceIndex} ${family}`) ?? [];
    // This host is in its networks itself, and others talk with it: it need not be told.
    const ofHost = new Set(present.map((it) => it.address));
    const notified = this.#notify.filter((host) => isNear(host) && !ofHost.has(host));
    const named = [...routers, ...notified];
    const known = new Set<string>([...named, ...ofHost]);
    const talking = this.#options.neighbours().filter(({ address }) => isNear(address) && !known.has(address));
    return [...new Set(named)].map((address): ToldHost => ({ address })).concat(talking.slice(0, neighboursMax));
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
    const routers = new Map<string, Set<string>>();
    const add = (index: number, gateway: string) => {
      const key = `${index} ${gateway.includes(':') ? 6 : 4}`;
      const known = routers.get(key) ?? new Set();
      if (known.size < nextHopsMax) routers.set(key, known.add(gateway));
    };
    for (const [at, { index }] of wanted.entries()) {
      const answer = answers[at];
      if (answer?.kind !== 'done') continue; // ENETUNREACH: there is none
      for (const { type, body } of answer.messages) {
        const decoded = type === routeTypes.newRoute ? decodeRoute(body) : null;
        if (decoded?.kind !== 'route' || decoded.route.gateway === null) continue;
        if (decoded.route.interfaceIndex === index) add(index, decoded.route.gateway);
      }
    }
    for (const { index, family } of wanted)
      for (const gateway of await readNextHops(family, index)) add(index, gateway);
    this.#routers = routers;
  }

  #arm(lookMs: number): void {
    const delayMs = Math.min(Math.max(lookIntervalMs, lookShare * lookMs), lookIntervalMsMax);
    this.#cancel = this.#options.clock.after(delayMs, () => void this.open());
  }
}

type NumberedSubnet = { readonly number: IpNumber; readonly prefixLength: number };

function numbered({ address, prefixLength }: KernelAddress): readonly NumberedSubnet[] {
  const number = parseIp(address);
  return number === undefined ? [] : [{ number, prefixLength }];
}
