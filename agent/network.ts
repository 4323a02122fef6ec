/**
 * The network's side of an agent: the parts of system/ that put sets into the kernel and tell the network, wired together. What
 * they find out comes back as events of ownership.
 */
import type { Config, InterfaceChoice, IpAddress, VirtualAddress } from './config/config.ts';
import type { Evidence } from './membership/evidence.ts';
import type { MemberId } from './membership/view.ts';
import type { SetName } from './ownership/grant.ts';
import { fenceMs } from './ownership/quorum.ts';
import type { AddressClaim } from './system/address-claim.ts';
import type { AddressWatch } from './system/address-watch.ts';
import { isOurs } from './system/addresses.ts';
import { Announcer } from './system/announcer.ts';
import { type Arping, openArping } from './system/arping.ts';
import { Audience } from './system/audience.ts';
import { ClaimListener } from './system/claim-listener.ts';
import { ClaimProbes } from './system/claim-probes.ts';
import { Claims } from './system/claims.ts';
import { systemClock } from './system/clock.ts';
import { type Conflict, Conflicts, describe as describeConflict } from './system/conflicts.ts';
import { setsConcerned } from './system/eligibility.ts';
import type { Guard } from './system/guard.ts';
import type { InterfaceFinder } from './system/interface-finder.ts';
import { LinkReadiness } from './system/link-readiness.ts';
import type { Link, LinkChange, LinkTable } from './system/links.ts';
import { Neighbours } from './system/neighbours.ts';
import { interfacesOnLink, linkLocalOn } from './system/on-link.ts';
import { PortRate } from './system/port-rate.ts';
import type { RouteSocket } from './system/route-socket.ts';
import { sysctlNotes, sysctlWarnings } from './system/sysctls.ts';
import type { MacAddress } from './wire/mac-address.ts';
import type { Neighbour } from './wire/neighbours-message.ts';
import type { KernelAddress } from './wire/rtnetlink-address.ts';

export type NetworkOptions = {
  readonly config: Config;
  readonly route: RouteSocket;
  readonly links: LinkTable;
  readonly finder: InterfaceFinder;
  readonly watch: AddressWatch;
  readonly guard: Guard;
  /** Nothing is renewed or repeated without it. */
  readonly evidence: Evidence;
  /** Whether this host may still put it into its kernel. */
  readonly mayClaim: (set: SetName) => boolean;
  readonly onClaimed: (sets: readonly SetName[]) => void;
  readonly onClaimFailed: (set: SetName, why: string) => void;
  readonly onReleased: (sets: readonly SetName[]) => void;
  /** The MACs that others hear of this host have changed. */
  readonly onStations: () => void;
  /** The whole truth about what cannot be held here for want of a working interface, whenever it changes. */
  readonly onUnable: (sets: ReadonlyMap<SetName, string>) => void;
  /** For the other members: hosts that this one talks with. */
  readonly onNeighbours: (neighbours: readonly Neighbour[]) => void;
  readonly onTrouble: (message: string) => void;
  /** For the log alone: nothing is wrong. */
  readonly onNote: (message: string) => void;
};

export class Network {
  readonly #options: NetworkOptions;
  #config: Config;
  #interfaces: readonly InterfaceChoice[];
  readonly #arping: Arping;
  readonly #announcer: Announcer;
  readonly #audience: Audience;
  readonly #neighbours: Neighbours;
  readonly #probes: ClaimProbes;
  readonly #conflicts: Conflicts;
  readonly #listener = new ClaimListener();
  readonly #readiness: LinkReadiness;
  readonly #endings: (() => void)[] = [];
  #stations = '';
  #unable: ReadonlyMap<SetName, string> = new Map();
  readonly claims: Claims;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#config = options.config;
    const { config, route, links, finder, watch, evidence, mayClaim, onClaimed, onClaimFailed, onReleased, onTrouble } =
      options;
    const clock = systemClock;
    const rate = new PortRate(config.announce.framesPerSecond);
    this.#arping = openArping(rate);
    this.#announcer = new Announcer({
      ...{ clock, evidence, rate },
      stallMs: config.detectMs,
      send: (link, frame, operation) => this.#arping.send(link, frame, operation),
      onFailure: (error) => onTrouble(error.message),
    });
    this.#interfaces = interfacesOf(config);
    this.#neighbours = new Neighbours({
      ...{ route, clock },
      carriesSets: (index) => this.#found().some((link) => link.index === index),
      onShare: (neighbours) => {
        if (this.#config.announce.neighbours) options.onNeighbours(neighbours);
      },
    });
    this.#audience = new Audience({
      route,
      finder,
      watch,
      clock,
      interfaces: this.#interfaces,
      notify: config.announce.notify,
      neighbours: () => (this.#config.announce.neighbours ? this.#neighbours.known() : []),
    });
    const isOwn = (mac: MacAddress) => links.all().some((link) => link.mac === mac);
    this.#probes = new ClaimProbes({
      ...{ clock, rate },
      // A member that has it by somebody's hand is for that one to mend; the group gives it to who can hold it.
      isExempt: (mac) => isOwn(mac) || this.#conflicts.isMember(mac),
      durationMs: config.probeMs,
      send: (link, frame, operation) => this.#arping.send(link, frame, operation),
    });
    this.#conflicts = new Conflicts({
      ...{ clock, isOwn },
      setOf: ({ interfaceIndex, address }) => this.claims.setAt(interfaceIndex, address),
      onConflict: (set, claimant) => this.#onConflict(set, claimant),
      defend: (set) => this.claims.defend(set),
    });
    this.claims = new Claims({
      guard: options.guard,
      ...{ route, links, finder, watch, clock, evidence, mayClaim, onReleased, onTrouble },
      onTaken: (set, claimant) => this.#conflicts.refused(set, claimant),
      onClaimFailed: (set, why) => {
        this.#conflicts.failed(set, why);
        onClaimFailed(set, why);
      },
      onClaimed: (sets) => {
        onClaimed(sets);
        this.#conflicts.claimed(sets);
      },
      probes: this.#probes,
      announcer: this.#announcer,
      audience: this.#audience,
      sets: config.sets,
      lifetimeSeconds: config.lifetimeSeconds,
      stallMs: config.detectMs,
      fenceMs: config.partition === 'majority' ? fenceMs(config.heartbeatMs, config.detectMs) : 0,
    });
    this.#readiness = new LinkReadiness({
      ...{ clock, links, finder },
      interfaces: this.#interfaces,
      onChange: () => this.#checkLinks(),
    });
    void this.#audience.open();
    this.#neighbours.open();
    this.#listen();
    this.#endings.push(
      links.onChange((change) => this.#onLink(change)),
      links.onNewPlace((index) => this.claims.announceOn(index)),
      watch.onChange(({ value }) => this.#onAddress(value)),
    );
  }

  /** Tells what cannot be held from the beginning on. */
  start(): void {
    this.#stations = this.stations().join();
    for (const warning of sysctlWarnings(this.#found().map(({ name }) => name))) this.#options.onTrouble(warning);
    const versions = new Set(this.#config.sets.flatMap((set) => set.addresses.map(({ family }) => family)));
    for (const note of sysctlNotes(versions)) this.#options.onNote(note);
    void this.#readiness.open();
    this.#checkLinks();
  }

  /**
   * Takes over what differs, and is about sets, announcements and the network; what can be held is told before it returns.
   *
   * @returns what could not be done, when held sets have the addresses they are to have
   */
  change(config: Config): Promise<readonly string[]> {
    const before = this.#interfaces;
    this.#config = config;
    this.#interfaces = interfacesOf(config);
    const { announce, probeMs } = config;
    this.#announcer.changeRate(announce.framesPerSecond);
    this.#probes.change({ durationMs: probeMs });
    this.#audience.change({ interfaces: this.#interfaces, notify: announce.notify });
    this.#listen();
    void this.#readiness.change(this.#interfaces);
    this.#checkLinks();
    this.#checkStations();
    const added = this.#linksOf(this.#interfaces.filter((choice) => !before.includes(choice)));
    for (const warning of sysctlWarnings(added.map(({ name }) => name))) this.#options.onTrouble(warning);
    return this.claims.change(config.sets);
  }

  /** The MACs that this host's sets are announced from. */
  stations(): readonly MacAddress[] {
    const macs = this.#found().flatMap(({ mac }) => mac ?? []);
    return [...new Set(macs)].sort();
  }

  /** Who has the address on its segment; null: nobody answers within the time, or it cannot be asked. */
  async whoHas({ family, address, interface: choice }: VirtualAddress, timeoutMs: number): Promise<MacAddress | null> {
    const place = this.#options.finder.find(choice);
    if (place.kind === 'none' || place.link.mac === null) return null;
    const { index, name, mac } = place.link;
    const from = linkLocalOn(index, this.#options.watch.all());
    const answer = await this.#arping.probe({ index, name, mac }, { family, address }, timeoutMs, from);
    return answer.kind === 'answered' ? answer.mac : null;
  }

  /** Whether a neighbour answers for one of the addresses; it is asked on every interface that has its subnet. */
  async anyAnswers(addresses: readonly IpAddress[], timeoutMs: number): Promise<boolean> {
    const { links, watch } = this.#options;
    const asked = addresses.flatMap((address) =>
      interfacesOnLink(address, watch.all()).map(async (index) => {
        const link = links.byIndex(index);
        if (link === undefined || link.mac === null) throw new Error(`nothing is to be asked on interface ${index}`);
        const family = address.includes(':') ? 6 : 4;
        const on = { index, name: link.name, mac: link.mac };
        const from = linkLocalOn(index, watch.all());
        const answer = await this.#arping.probe(on, { family, address }, timeoutMs, from);
        if (answer.kind !== 'answered') throw new Error(`${address} does not answer`);
      }),
    );
    return Promise.any(asked).then(
      () => true,
      () => false,
    );
  }

  /** MACs of another member. */
  learn(macs: readonly MacAddress[]): void {
    this.#conflicts.addMembers(macs);
  }

  /** Hosts that another member talks with. */
  learnNeighbours(member: MemberId, neighbours: readonly Neighbour[]): void {
    this.#neighbours.learn(member, neighbours);
  }

  /** In a new view: who came knows nothing yet. */
  tellNeighboursAgain(): void {
    this.#neighbours.tellAgain();
  }

  /** Hosts that are told one by one at a takeover, because a member talks with them. */
  get neighbours(): number {
    return this.#config.announce.neighbours ? this.#neighbours.known().length : 0;
  }

  /** What is wrong with sets that are held here. */
  problems(): ReadonlyMap<SetName, string> {
    return new Map([
      ...this.#ambiguities(),
      ...this.claims.problems(),
      ...this.#conflicts.problems((set) => this.claims.holds(set)),
    ]);
  }

  /**
   * Sets that are in conflict with a station outside of the group.
   *
   * @param failed whether a claim has failed here a short while ago
   */
  conflicts(failed: (set: SetName) => boolean): ReadonlyMap<SetName, Conflict> {
    const { claims } = this;
    return this.#conflicts.current(
      (set) => claims.holds(set),
      (set) => failed(set) || claims.isTakenInPart(set),
    );
  }

  /** Announces again what is held here; all of it, or those named. @returns what was announced, or why nothing was */
  announceAgain(names: readonly string[]): readonly SetName[] | string {
    const announced = this.claims.announced();
    const known = new Set<string>(this.#config.sets.map(({ name }) => name));
    for (const name of names) {
      if (!known.has(name)) return `there is no set ${name}`;
      if (!announced.some((each) => each === name)) return `set ${name} is not held here: ask the host that owns it`;
    }
    const wanted = names.length === 0 ? announced : announced.filter((each) => names.includes(each));
    this.claims.announce(wanted);
    return wanted;
  }

  /** For the end: nothing is held or announced any more. */
  async close(): Promise<void> {
    this.#stopListening();
    await this.claims.releaseAll();
    this.#stopAnnouncing();
  }

  /** For an end that leaves the addresses where they are. */
  async abandon(): Promise<void> {
    this.#stopListening();
    await this.claims.abandon();
    this.#stopAnnouncing();
  }

  #listen(): void {
    this.#listener.open(
      this.#config.sets.flatMap((set) => set.addresses),
      (claim) => {
        this.#probes.heard(claim);
        this.#conflicts.heard(claim);
      },
    );
  }

  #stopListening(): void {
    for (const end of this.#endings) end();
    this.#readiness.close();
    this.#listener.close();
    this.#audience.close();
    this.#neighbours.close();
  }

  #stopAnnouncing(): void {
    this.#announcer.close();
    this.#arping.close();
  }

  #onConflict(set: SetName, claimant: AddressClaim): void {
    const why = describeConflict(claimant);
    const yields = this.#config.conflict === 'yield';
    this.#options.onTrouble(`set ${set}: ${why}; ${yields ? 'it is given up here' : 'it is kept, and announced'}`);
    if (!yields) return;
    this.#conflicts.refused(set, claimant);
    void this.claims.yieldSet(set, why);
  }

  #onLink(change: LinkChange): void {
    this.#readiness.look();
    this.#checkStations();
    if (change.kind !== 'changed') return;
    const { before, value } = change;
    if ((!value.carrier || before.carrier) && value.mac === before.mac) return;
    for (const index of this.#options.links.affectedBy(value.index)) this.claims.announceOn(index);
  }

  #onAddress(address: KernelAddress): void {
    const bySubnet = this.#interfaces.some((choice) => choice.includes('/'));
    if (!bySubnet || isOurs(address)) return;
    this.#readiness.look();
    this.#checkStations();
  }

  #found(): readonly Link[] {
    return this.#linksOf(this.#interfaces);
  }

  /** Each once: a name and a subnet may mean the same. */
  #linksOf(choices: readonly InterfaceChoice[]): readonly Link[] {
    const links = choices.flatMap((choice) => {
      const place = this.#options.finder.find(choice);
      return place.kind === 'none' ? [] : [place.link];
    });
    return [...new Map(links.map((link) => [link.index, link])).values()];
  }

  #ambiguities(): ReadonlyMap<SetName, string> {
    const held = this.#config.sets.filter(({ name }) => this.claims.holds(name));
    return setsConcerned(held, (choice) => this.#options.finder.ambiguity(choice));
  }

  #checkStations(): void {
    if (this.stations().join() === this.#stations) return;
    this.#stations = this.stations().join();
    this.#options.onStations();
  }

  #checkLinks(): void {
    const { onUnable } = this.#options;
    const sets = setsConcerned(this.#config.sets, (choice) => this.#readiness.hindrance(choice));
    const known = this.#unable;
    if (sets.size === known.size && [...sets].every(([set, why]) => known.get(set) === why)) return;
    this.#unable = sets;
    onUnable(sets);
  }
}

function interfacesOf({ sets }: Config): readonly InterfaceChoice[] {
  return [...new Set(sets.flatMap((set) => set.addresses.map((address) => address.interface)))];
}
