/**
 * Puts sets into the kernel and takes them out: addresses and announcements. It does what it is told; who may hold what
 * is ownership's business. Never two things at once about one set: its caller waits for the answer.
 */
import type { AddressSet } from '../config/config.ts';
import type { Evidence } from '../membership/evidence.ts';
import type { InstantMs } from '../membership/view.ts';
import type { SetName } from '../ownership/grant.ts';
import type { GuardedAddress } from '../wire/guard-message.ts';
import type { AddressClaim } from './address-claim.ts';
import type { AddressWatch } from './address-watch.ts';
import { type AddResult, addAddresses, type PlacedAddress, renewAddresses } from './addresses.ts';
import { takenElsewhere } from './addresses-elsewhere.ts';
import { Adjustments } from './adjustments.ts';
import type { AnnouncingLink } from './announcement.ts';
import type { Announcer, PlacedAnnouncement } from './announcer.ts';
import type { Audience } from './audience.ts';
import type { ClaimProbes } from './claim-probes.ts';
import type { Clock } from './clock.ts';
import { describe as describeConflict } from './conflicts.ts';
import type { Guard } from './guard.ts';
import { HeldSets } from './held-sets.ts';
import type { InterfaceFinder } from './interface-finder.ts';
import type { LinkTable } from './links.ts';
import { Removals } from './removals.ts';
import type { RouteSocket } from './route-socket.ts';
import { UnderWay } from './under-way.ts';
import { Upkeep } from './upkeep.ts';

export type ClaimsOptions = {
  readonly route: RouteSocket;
  readonly links: LinkTable;
  readonly finder: Pick<InterfaceFinder, 'find'>;
  readonly watch: AddressWatch;
  readonly announcer: Announcer;
  readonly guard: Pick<Guard, 'hold' | 'drop'>;
  readonly audience: Audience;
  readonly probes: ClaimProbes;
  /** Whether this host may still have it: asked where a claim had to wait. */
  readonly mayClaim: (set: SetName) => boolean;
  readonly clock: Clock;
  readonly sets: readonly AddressSet[];
  readonly lifetimeSeconds: number | 'never';
  /** What comes later than this after its time is not done: others may have taken over meanwhile. */
  readonly stallMs: number;
  /** Nothing is renewed without it. */
  readonly evidence: Evidence;
  /** How long after this agent's last sign its guard keeps what nobody takes over; 0: for as long as it takes. */
  readonly fenceMs: number;
  /** In the kernel, and the first announcement is out. */
  readonly onClaimed: (sets: readonly SetName[]) => void;
  readonly onClaimFailed: (set: SetName, why: string) => void;
  /** Another station answered for an address that the set was to get here; that the claim failed is told as well. */
  readonly onTaken: (set: SetName, claimant: AddressClaim) => void;
  readonly onReleased: (sets: readonly SetName[]) => void;
  readonly onTrouble: (message: string) => void;
};

/**
 * How long one that hands over still answers after its successor has announced: packets that were sent to it before may wait in
 * a queue. Five times what a busy machine was seen to take; both have the address meanwhile, and a merge is to end within 50 ms.
 */
const inFlightMs = 10;

export class Claims {
  readonly #options: ClaimsOptions;
  #sets: ReadonlyMap<SetName, AddressSet>;
  readonly #held = new HeldSets();
  readonly #upkeep: Upkeep;
  readonly #removals: Removals;
  readonly #adjustments: Adjustments;
  /** One after the other. */
  #adjusted: Promise<unknown> = Promise.resolve();
  readonly #underWay = new UnderWay();
  /** With another host, and here for another moment. */
  readonly #retiring = new Set<SetName>();
  /** Those of claims that have not ended. */
  readonly #adding = new Set<SetName>();
  /** When what was adopted has to be gone, if this agent ends before the group has said that it is ours. */
  readonly #adoptedUntil = new Map<SetName, InstantMs>();
  /** What was begun before is not finished, but taken back. */
  #closed = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#sets = new Map(options.sets.map((set) => [set.name, set]));
    const { route, watch, clock, guard, lifetimeSeconds, stallMs, evidence, onTrouble } = options;
    this.#removals = new Removals({ route, clock, guard, onTrouble });
    this.#upkeep = new Upkeep({
      ...{ route, watch, clock, lifetimeSeconds, stallMs, evidence, onTrouble, held: this.#held },
      onBack: (names) => this.announce(names),
      onLost: (name, why) => this.#lose(name, why),
      remove: (name, addresses) => this.#removals.remove(new Map([[name, addresses]]), () => {}),
    });
    this.#adjustments = new Adjustments({
      ...{ route, clock, watch, onTrouble, links: options.links, probes: options.probes, lifetime: options },
      ...{ held: this.#held, upkeep: this.#upkeep, removals: this.#removals },
      wanted: (name) => this.#wanted(name),
      linkOf: (address) => this.#announcingLink(address),
      guard: (addresses) => guard.hold(this.#guarded(addresses, 'ours')),
      unguard: (addresses) => guard.drop(addresses),
      begun: (work) => void this.#underWay.add(work),
      again: (name) => void this.#adjust([name]),
      lose: (name, why) => this.#lose(name, why),
      onTaken: options.onTaken,
      onChanged: (names) => this.announce(names.filter((name) => options.announcer.announces(name))),
    });
  }

  /**
   * Other sets: of those that are held and still among them, what differs is added and taken out. Sets that are gone are left to
   * whoever decides. @returns what could not be done, when the kernel has done the rest
   */
  change(sets: readonly AddressSet[]): Promise<readonly string[]> {
    this.#sets = new Map(sets.map((set) => [set.name, set]));
    return this.#adjust(this.#held.names().filter((name) => !this.#adding.has(name))); // those when they are there
  }

  /** @param probe those that nobody of the group is known to hold: the segment is asked first whether somebody else does */
  claim(names: readonly SetName[], probe: (set: SetName) => boolean = () => false): Promise<void> {
    return this.#underWay.add(this.#claim(names, probe));
  }

  /** The answer comes for each set when it is gone. */
  async release(names: readonly SetName[]): Promise<void> {
    if (this.#closed) return;
    await this.#underWay.add(this.#release(names));
  }

  /**
   * What a guard kept in the kernel: looked after, and not announced until the group says that it is ours.
   *
   * @param until when that guard would have removed it, and the next one is to; null: not by time
   */
  adopt(names: readonly SetName[], until: InstantMs | null): void {
    for (const name of names) {
      const placed = this.#place(name);
      if (typeof placed !== 'string') this.#held.put(name, placed);
      if (until !== null) this.#adoptedUntil.set(name, until);
    }
    this.#tellGuard(names, 'giving');
  }

  announce(names: readonly SetName[]): void {
    if (this.#closed) return;
    for (const name of names) this.#adoptedUntil.delete(name);
    this.#tellGuard(names, 'ours');
    this.#startAnnouncing(names);
  }

  hush(names: readonly SetName[]): void {
    this.#tellGuard(names, 'giving');
    this.#options.announcer.stop(names);
  }

  /** Nothing more is announced at once; what still arrives is answered for a moment. At an end all goes anyway. */
  retire(names: readonly SetName[]): void {
    this.hush(names);
    for (const name of names) this.#retiring.add(name);
    this.#options.clock.after(inFlightMs, () => {
      for (const name of names) this.#retiring.delete(name);
      void this.release(names);
    });
  }

  /** Held here, and not about to go to another host: what may be announced once more. */
  announced(): readonly SetName[] {
    return this.#held.names().filter((name) => this.#options.announcer.announces(name));
  }

  /** Announced once, against another station that claims an address of it; not where it is about to go to another host. */
  defend(name: SetName): void {
    if (!this.#closed) this.#options.announcer.once(name);
  }

  holds(name: SetName): boolean {
    return this.#held.holds(name);
  }

  /** The set that is held here with the address on the interface. */
  setAt(interfaceIndex: number, address: string): SetName | undefined {
    return this.#held.setAt(interfaceIndex, address);
  }

  /** Given up here, so that another host gets it. */
  async yieldSet(name: SetName, why: string): Promise<void> {
    if (!this.#closed) await this.#underWay.add(this.#lose(name, why));
  }

  /** Again, and with the MAC the interface has now: those that are announced there anyway. */
  announceOn(interfaceIndex: number): void {
    const on = (name: SetName) => this.#held.addresses(name).some((it) => it.interfaceIndex === interfaceIndex);
    this.announce(this.announced().filter(on));
  }

  /** The addresses outlive the agent, and are not renewed. @returns what the kernel refused */
  async makePermanent(): Promise<readonly string[]> {
    await this.#upkeep.stopRenewal();
    const lifetime = { ...this.#options, lifetimeSeconds: 'never' as const };
    const retiring = [...this.#retiring].flatMap((name) => this.#held.addresses(name));
    const staying = this.#held.all().filter((address) => !retiring.includes(address));
    const results = await renewAddresses(this.#options.route, staying, lifetime);
    await this.#options.guard.drop(staying);
    return results.flatMap((result) => {
      if (result.kind === 'renewed') return [];
      return [result.kind === 'gone' ? `${result.address.address} is not there` : result.error.message];
    });
  }

  /** As before `makePermanent`, from the next renewal on. */
  makeTemporary(): void {
    this.#tellGuard(this.announced(), 'ours');
    this.#upkeep.resumeRenewal();
  }

  /** For the end of an agent whose addresses stay: those that were here. */
  async abandon(): Promise<void> {
    const unfinished = [...this.#adding, ...this.#retiring];
    await this.#close();
    await this.#release(unfinished);
    this.hush(this.#held.names());
  }

  /** For the end of the agent, however it came. What was begun is waited for, and goes as well. */
  async releaseAll(): Promise<void> {
    await this.#close();
    await this.#release(this.#held.names());
  }

  /** Held here, but not in whole, because another station has an address of it. */
  isTakenInPart(name: SetName): boolean {
    return this.#adjustments.isTaken(name);
  }

  /** What is wrong with sets that are held here. */
  problems(): ReadonlyMap<SetName, string> {
    return new Map([...this.#adjustments.problems(), ...this.#upkeep.problems(), ...this.#removals.problems()]);
  }

  /** Nothing is begun any more; resolves when nothing is under way. */
  async #close(): Promise<void> {
    this.#closed = true;
    this.#options.probes.close();
    this.#removals.close();
    await this.#upkeep.close();
    await this.#underWay.over();
    this.#adjustments.close();
  }

  async #claim(names: readonly SetName[], probe: (set: SetName) => boolean): Promise<void> {
    if (this.#closed) return;
    const sets = this.#sets;
    const wanted = new Map<SetName, readonly PlacedAddress[]>();
    const unplaced = new Map<SetName, string>();
    for (const name of names) {
      const placed = this.#place(name);
      if (typeof placed === 'string') unplaced.set(name, placed);
      else wanted.set(name, placed);
    }
    for (const [name, why] of takenElsewhere(wanted, this.#options.watch.all(), this.#options.links)) {
      wanted.delete(name);
      unplaced.set(name, why);
    }
    const unprobed = new Map([...wanted].filter(([name]) => !probe(name)));
    const probed = new Map([...wanted].filter(([name]) => probe(name)));
    const { onClaimFailed } = this.#options;
    for (const [name, why] of unplaced) onClaimFailed(name, why);
    await Promise.all([this.#add(unprobed), this.#addUnlessTaken(probed)]);
    if (sets !== this.#sets) await this.#adjust(names); // the configuration changed meanwhile
  }

  #adjust(names: readonly SetName[]): Promise<readonly string[]> {
    const adjust = async () => (this.#closed ? [] : this.#adjustments.adjust(names));
    const adjusted = this.#adjusted.then(adjust, adjust);
    this.#adjusted = adjusted;
    return this.#underWay.add(adjusted);
  }

  /** Null where it is not in the configuration, or on an interface that has gone: then it is not for here. */
  #wanted(name: SetName): readonly PlacedAddress[] | null {
    const placed = this.#sets.has(name) ? this.#place(name) : null;
    return typeof placed === 'string' ? null : placed;
  }

  async #addUnlessTaken(wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>): Promise<void> {
    if (wanted.size === 0) return;
    const holders = await this.#options.probes.ask(
      [...wanted.values()].flat().flatMap((address) => {
        const link = this.#announcingLink(address);
        return link === null ? [] : [{ address, link }];
      }),
    );
    const free = new Map(wanted);
    for (const [name, addresses] of wanted) {
      const taken = addresses.find((address) => holders.has(address));
      const mac = taken === undefined ? undefined : holders.get(taken);
      if (taken === undefined || mac === undefined) continue;
      free.delete(name);
      const claimant = { address: taken.address, mac };
      this.#options.onTaken(name, claimant);
      this.#options.onClaimFailed(name, describeConflict(claimant));
    }
    await this.#add(this.#permitted(free));
  }

  async #add(wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>): Promise<void> {
    if (wanted.size === 0 || this.#closed) return;
    for (const [name, addresses] of wanted) {
      this.#held.put(name, addresses);
      this.#adding.add(name);
    }
    await this.#options.guard.hold(this.#guarded([...wanted.values()].flat(), 'ours'));
    const permitted = this.#permitted(wanted);
    const results = await addAddresses(this.#options.route, [...permitted.values()].flat(), this.#options);
    for (const name of wanted.keys()) this.#adding.delete(name);
    if (this.#closed) return; // taken out with the rest

    const failures = failuresBySet(permitted, results);
    const claimed = [...permitted.keys()].filter((name) => !failures.has(name));
    this.#startAnnouncing(claimed); // the guard knows
    if (claimed.length > 0) this.#options.onClaimed(claimed);
    await this.#takeBack(permitted, results, failures);
  }

  /** What waited for an answer, without what this host may not have any more: that is released. */
  #permitted(wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>): ReadonlyMap<SetName, readonly PlacedAddress[]> {
    const refused = [...wanted.keys()].filter((name) => this.#closed || !this.#options.mayClaim(name));
    if (refused.length === 0) return wanted;
    void this.#underWay.add(this.#release(refused));
    return new Map([...wanted].filter(([name]) => !refused.includes(name)));
  }

  async #release(names: readonly SetName[]): Promise<void> {
    this.hush(names);
    const sets = new Map(names.map((name) => [name, this.#letGo(name)]));
    await this.#removals.remove(sets, this.#options.onReleased);
  }

  /** A set that cannot be kept: what is left of it goes, and another host gets it. */
  async #lose(name: SetName, why: string): Promise<void> {
    if (!this.#held.holds(name)) return;
    this.hush([name]);
    const rest = this.#letGo(name);
    await this.#removals.remove(new Map([[name, rest]]), () => this.#options.onClaimFailed(name, why));
  }

  #letGo(name: SetName): readonly PlacedAddress[] {
    const addresses = this.#held.remove(name);
    this.#upkeep.forget(addresses);
    this.#adjustments.forget(name);
    this.#adoptedUntil.delete(name);
    return addresses;
  }

  /** Of sets that failed in part, what was added. */
  async #takeBack(
    wanted: ReadonlyMap<SetName, readonly PlacedAddress[]>,
    results: readonly AddResult[],
    failures: ReadonlyMap<SetName, string>,
  ): Promise<void> {
    if (failures.size === 0) return;
    const added = new Set(
      results.flatMap(({ kind, address }) => (kind === 'added' || kind === 'adopted' ? [address] : [])),
    );
    const failed = new Map([...failures.keys()].map((name) => [name, wanted.get(name) ?? []] as const));
    for (const name of failures.keys()) this.#letGo(name);
    await this.#options.guard.drop([...failed.values()].flat().filter((address) => !added.has(address)));
    const back = new Map([...failed].map(([name, addresses]) => [name, addresses.filter((it) => added.has(it))]));
    await this.#removals.remove(back, (gone) => {
      for (const name of gone) this.#options.onClaimFailed(name, failures.get(name) ?? '');
    });
  }

  /** The set's addresses with their interfaces, or why it has none. */
  #place(name: SetName): readonly PlacedAddress[] | string {
    const addresses: PlacedAddress[] = [];
    for (const address of this.#sets.get(name)?.addresses ?? []) {
      const place = this.#options.finder.find(address.interface);
      if (place.kind === 'none') return place.why;
      addresses.push({ ...address, interface: place.link.name, interfaceIndex: place.link.index });
    }
    return addresses;
  }

  #startAnnouncing(names: readonly SetName[]): void {
    const isRouter = memoized((name: string) => this.#options.audience.isRouter(name));
    this.#options.announcer.start(new Map(names.map((name) => [name, this.#announcements(name, isRouter)])));
  }

  #tellGuard(names: readonly SetName[], whose: 'ours' | 'giving'): void {
    const addresses = names.flatMap((name) => this.#held.addresses(name));
    void this.#options.guard.hold(this.#guarded(addresses, whose));
  }

  /** Those on links where neighbours are found by asking: elsewhere no announcement would tell the guard of a successor. */
  #guarded(addresses: readonly PlacedAddress[], whose: 'ours' | 'giving'): readonly GuardedAddress[] {
    const giving = whose === 'giving';
    return addresses.flatMap((placed) => {
      const { family, address, prefixLength, interfaceIndex, preferredSource } = placed;
      const link = this.#options.links.byIndex(interfaceIndex);
      if (link === undefined || link.mac === null || !link.arp) return [];
      const told = { family, address, prefixLength, interfaceIndex, mac: link.mac, giving };
      return [{ ...told, preferred: preferredSource === true, ...this.#fenceOf(placed) }];
    });
  }

  #fenceOf(address: PlacedAddress): Pick<GuardedAddress, 'fenceMs' | 'fixed'> {
    const { fenceMs, clock } = this.#options;
    const set = this.#held.setOf(address);
    const until = set === undefined ? undefined : this.#adoptedUntil.get(set);
    return until === undefined
      ? { fenceMs, fixed: false }
      : { fenceMs: Math.max(1, Math.floor(until - clock.now())), fixed: true };
  }

  /** Those on links where neighbours are found by asking. */
  #announcements(name: SetName, isRouter: (interfaceName: string) => boolean): readonly PlacedAnnouncement[] {
    return this.#held.addresses(name).flatMap((placed) => {
      const link = this.#announcingLink(placed);
      if (link === null) return [];
      const { family, address } = placed;
      const router = family === 6 && isRouter(link.name);
      const audience = () => this.#options.audience.of(placed);
      return [{ family, address, router, audience, link }];
    });
  }

  /** Null where neighbours are not found by asking. */
  #announcingLink({ interfaceIndex }: PlacedAddress): AnnouncingLink | null {
    const link = this.#options.links.byIndex(interfaceIndex);
    if (link === undefined || link.mac === null || !link.arp) return null;
    return { index: link.index, name: link.name, mac: link.mac };
  }
}

function memoized(compute: (key: string) => boolean): (key: string) => boolean {
  const known = new Map<string, boolean>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
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
