/**
 * Puts sets into the kernel and takes them out: addresses, announcements, renewal. It does what it is told; who may hold what
 * is ownership's business. Never two things at once about one set: its caller waits for the answer.
 */
import type { AddressSet } from '../config/config.ts';
import type { SetName } from '../ownership/grant.ts';
import {
  type AddResult,
  addAddresses,
  type PlacedAddress,
  type RemoveResult,
  removeAddresses,
  renewAddresses,
} from './addresses.ts';
import type { Announcer, PlacedAnnouncement } from './announcer.ts';
import type { Clock } from './clock.ts';
import type { LinkTable } from './links.ts';
import type { RouteSocket } from './route-socket.ts';

export type ClaimsOptions = {
  readonly route: RouteSocket;
  readonly links: LinkTable;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly sets: readonly AddressSet[];
  readonly lifetimeSeconds: number | 'never';
  /** A renewal that comes later than this after its time does nothing: others may have taken over meanwhile. */
  readonly stallMs: number;
  /** In the kernel, and the first announcement is out. */
  readonly onClaimed: (sets: readonly SetName[]) => void;
  readonly onClaimFailed: (set: SetName, why: string) => void;
  readonly onReleased: (sets: readonly SetName[]) => void;
  readonly onTrouble: (message: string) => void;
};

/** Without a lifetime addresses are still looked after, in case that something removes them. */
const lookIntervalMs = 2_000;

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #sets: ReadonlyMap<SetName, AddressSet>;
  /** What is in the kernel for a set, or about to be. */
  readonly #held = new Map<SetName, readonly PlacedAddress[]>();
  readonly #renewalIntervalMs: number;
  #lastRemoval: Promise<unknown> = Promise.resolve();
  #cancelRenewal: () => void = () => {};

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#sets = new Map(options.sets.map((set) => [set.name, set]));
    const { lifetimeSeconds } = options;
    this.#renewalIntervalMs = lifetimeSeconds === 'never' ? lookIntervalMs : (lifetimeSeconds * 1000) / 3;
    this.#armRenewal();
  }

  async claim(names: readonly SetName[]): Promise<void> {
    const wanted = new Map<SetName, readonly PlacedAddress[]>();
    const unplaced = new Map<SetName, string>();
    for (const name of names) {
      const placed = this.#place(name);
      if (typeof placed === 'string') unplaced.set(name, placed);
      else wanted.set(name, placed);
    }
    for (const [name, addresses] of wanted) this.#held.set(name, addresses);
    const results = await addAddresses(this.#options.route, [...wanted.values()].flat(), this.#options);
    const failures = failuresBySet(wanted, results);
    await this.#takeBack(wanted, results, failures);

    const claimed = [...wanted.keys()].filter((name) => !failures.has(name));
    for (const name of claimed) this.#options.announcer.start(name, this.#announcements(name));
    if (claimed.length > 0) this.#options.onClaimed(claimed);
    for (const [name, why] of [...unplaced, ...failures]) this.#options.onClaimFailed(name, why);
  }

  async release(names: readonly SetName[]): Promise<void> {
    this.hush(names);
    const addresses = names.flatMap((name) => this.#held.get(name) ?? []);
    for (const name of names) this.#held.delete(name);
    for (const result of await this.#remove(addresses)) {
      if (result.kind === 'failed') this.#options.onTrouble(result.error.message);
    }
    this.#options.onReleased(names);
  }

  announce(names: readonly SetName[]): void {
    for (const name of names) this.#options.announcer.start(name, this.#announcements(name));
  }

  hush(names: readonly SetName[]): void {
    for (const name of names) this.#options.announcer.stop(name);
  }

  /** For the end of the agent, however it came. */
  async releaseAll(): Promise<void> {
    this.#cancelRenewal();
    const names = [...this.#held.keys()];
    if (names.length > 0) await this.release(names);
  }

  #armRenewal(): void {
    const due = this.#options.clock.now() + this.#renewalIntervalMs;
    this.#cancelRenewal = this.#options.clock.after(this.#renewalIntervalMs, () => {
      const lateMs = this.#options.clock.now() - due;
      this.#armRenewal();
      if (lateMs <= this.#options.stallMs) void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const held = [...this.#held];
    const results = await renewAddresses(
      this.#options.route,
      held.flatMap(([, addresses]) => addresses),
      this.#options,
    );
    const gone: PlacedAddress[] = [];
    for (const result of results) {
      // Released while the kernel was asked: not missed.
      if (![...this.#held.values()].some((addresses) => addresses.includes(result.address))) continue;
      if (result.kind === 'gone') gone.push(result.address);
      if (result.kind === 'failed' || result.kind === 'address-taken') this.#options.onTrouble(result.error.message);
    }
    if (gone.length > 0) await this.#putBack(gone);
  }

  async #putBack(addresses: readonly PlacedAddress[]): Promise<void> {
    for (const { address, interface: name } of addresses) {
      this.#options.onTrouble(`${address} was removed from ${name} by something else; it is put back`);
    }
    for (const result of await addAddresses(this.#options.route, addresses, this.#options)) {
      if (result.kind === 'failed' || result.kind === 'address-taken') this.#options.onTrouble(result.error.message);
    }
    const names = [...this.#held].flatMap(([name, held]) => (held.some((it) => addresses.includes(it)) ? [name] : []));
    this.announce(names);
  }

  /** What was added of sets that failed in part. */
  async #takeBack(
    wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>,
    results: readonly AddResult[],
    failures: ReadonlyMap<SetName, string>,
  ): Promise<void> {
    const added = new Set(
      results.flatMap(({ kind, address }) => (kind === 'added' || kind === 'adopted' ? [address] : [])),
    );
    const back = [...failures.keys()].flatMap((name) => (wanted.get(name) ?? []).filter((it) => added.has(it)));
    for (const name of failures.keys()) this.#held.delete(name);
    if (back.length > 0) await this.#remove(back);
  }

  /** One after the other: a removal puts back what it saw go along with a primary, also what another is removing. */
  #remove(addresses: readonly PlacedAddress[]): Promise<readonly RemoveResult[]> {
    const remove = () => removeAddresses(this.#options.route, addresses);
    const removal = this.#lastRemoval.then(remove, remove);
    this.#lastRemoval = removal;
    return removal;
  }

  /** The set's addresses with their interfaces, or why it has none. */
  #place(name: SetName): readonly PlacedAddress[] | string {
    const addresses: PlacedAddress[] = [];
    for (const address of this.#sets.get(name)?.addresses ?? []) {
      const link = this.#options.links.byName(address.interface);
      if (link === undefined) return `interface ${address.interface} does not exist`;
      addresses.push({ ...address, interfaceIndex: link.index });
    }
    return addresses;
  }

  /** Those on links where neighbours are found by asking. */
  #announcements(name: SetName): readonly PlacedAnnouncement[] {
    return (this.#held.get(name) ?? []).flatMap(({ family, address, interfaceIndex }) => {
      const link = this.#options.links.byIndex(interfaceIndex);
      if (link === undefined || link.mac === null || !link.arp) return [];
      return [{ family, address, link: { index: link.index, name: link.name, mac: link.mac } }];
    });
  }
}

/** The first failure of each set that has one. */
function failuresBySet(
  wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>,
  results: readonly AddResult[],
): ReadonlyMap<SetName, string> {
  const why = new Map<PlacedAddress, string>();
  for (const result of results) {
    if (result.kind === 'failed' || result.kind === 'address-taken') why.set(result.address, result.error.message);
  }
  const failures = new Map<SetName, string>();
  for (const [name, addresses] of wanted) {
    const failed = addresses.find((address) => why.has(address));
    if (failed !== undefined) failures.set(name, why.get(failed) ?? '');
  }
  return failures;
}
