/**
 * Held sets brought in line with another configuration: an address that is new is added and announced, one that is gone is taken out; the
 * set's others are not touched, and the set stays where it is. What cannot be added is told and tried again, and the set goes on without
 * it: its other addresses work. One that has no other is lost, as after a claim that failed: another host may have it.
 */
import type { SetName } from '../ownership/grant.ts';
import { claimRetryMs, claimRetryMsMax } from '../ownership/state.ts';
import type { AddressClaim } from './address-claim.ts';
import type { AddressWatch } from './address-watch.ts';
import { type AddResult, addAddresses, isSame, type LifetimeOptions, type PlacedAddress } from './addresses.ts';
import { takenElsewhere } from './addresses-elsewhere.ts';
import type { AnnouncingLink } from './announcement.ts';
import type { ClaimProbes } from './claim-probes.ts';
import type { Clock } from './clock.ts';
import { describe as describeConflict } from './conflicts.ts';
import type { HeldSets } from './held-sets.ts';
import type { LinkTable } from './links.ts';
import type { Removals } from './removals.ts';
import type { RouteSocket } from './route-socket.ts';
import type { Upkeep } from './upkeep.ts';

export type AdjustmentOptions = {
  readonly route: RouteSocket;
  readonly clock: Clock;
  readonly links: LinkTable;
  readonly watch: AddressWatch;
  readonly held: HeldSets;
  readonly upkeep: Upkeep;
  readonly removals: Removals;
  readonly probes: ClaimProbes;
  readonly lifetime: LifetimeOptions;
  /** What the set is to have; null: it is not in the configuration any more, and goes by itself. */
  readonly wanted: (set: SetName) => readonly PlacedAddress[] | null;
  /** Null where neighbours are not found by asking. */
  readonly linkOf: (address: PlacedAddress) => AnnouncingLink | null;
  /** The guard is told before the kernel. */
  readonly guard: (addresses: readonly PlacedAddress[]) => Promise<void>;
  readonly unguard: (addresses: readonly PlacedAddress[]) => Promise<void>;
  /** Told of what goes on when an adjustment is over. */
  readonly begun: (work: Promise<void>) => void;
  /** Time to adjust it once more. */
  readonly again: (set: SetName) => void;
  /** It could not be given any address. */
  readonly lose: (set: SetName, why: string) => Promise<void>;
  /** Another station answered for an address that it was to get. */
  readonly onTaken: (set: SetName, claimant: AddressClaim) => void;
  /** It has other addresses: what is announced of it begins anew, where it is announced. */
  readonly onChanged: (sets: readonly SetName[]) => void;
  readonly onTrouble: (message: string) => void;
};

/** Of one adjustment: what the set is without, each with the reason; the first of these reasons alone; whether one is another station. */
type Found = { readonly lines: Set<string>; readonly why: string; taken: boolean };

/** What a set is without since its last adjustment, the how manyth in a row, and how not to try again. */
type Lack = {
  readonly lines: ReadonlySet<string>;
  readonly taken: boolean;
  readonly times: number;
  readonly cancel: () => void;
};

export class Adjustments {
  readonly #options: AdjustmentOptions;
  /** At most the sets that are held. */
  readonly #lacks = new Map<SetName, Lack>();
  /** Of the adjustment under way. */
  #found = new Map<SetName, Found>();

  constructor(options: AdjustmentOptions) {
    this.#options = options;
  }

  /** Of sets that are held; never two at once. @returns what could not be done, when the kernel has done the rest */
  async adjust(sets: readonly SetName[]): Promise<readonly string[]> {
    this.#found = new Map();
    for (const set of sets) this.#refresh(set);
    const missing = this.#missing(sets);
    await this.#take(this.#surplus(sets, (address, wanted) => wanted.some((other) => isInTheWay(address, other))));
    await this.#add(await this.#free(this.#unhindered(missing)));
    await this.#take(this.#surplus(sets, () => true));
    await Promise.all(sets.map((set) => this.#conclude(set)));
    const unremoved = this.#options.removals.problems();
    return sets.flatMap((set) => {
      const problems = [...(this.#found.get(set)?.lines ?? []), ...(unremoved.has(set) ? [unremoved.get(set)] : [])];
      return problems.map((problem) => `set ${set}: ${problem}`);
    });
  }

  problems(): ReadonlyMap<SetName, string> {
    return new Map([...this.#lacks].map(([set, { lines }]) => [set, describe([...lines])]));
  }

  /** Whether it is without an address that another station has. */
  isTaken(set: SetName): boolean {
    return this.#lacks.get(set)?.taken === true;
  }

  /** Given up, or had in whole by another claim. */
  forget(set: SetName): void {
    this.#lacks.get(set)?.cancel();
    this.#lacks.delete(set);
  }

  close(): void {
    for (const set of [...this.#lacks.keys()]) this.forget(set);
  }

  async #conclude(set: SetName): Promise<void> {
    const { held, removals, clock, again, lose } = this.#options;
    const times = (this.#lacks.get(set)?.times ?? 0) + 1;
    const found = this.#found.get(set);
    this.forget(set);
    if (found === undefined || !held.holds(set)) return;
    // What is still in the kernel, where it is not to be any more, is this host's until it goes.
    if (held.addresses(set).length === 0 && removals.leaving(set).length === 0) return lose(set, found.why);
    const delayMs = Math.min(claimRetryMs * 2 ** (times - 1), claimRetryMsMax);
    const { lines, taken } = found;
    this.#lacks.set(set, { lines, taken, times, cancel: clock.after(delayMs, () => again(set)) });
  }

  /** What is there already, with what the next renewal is to make of it. */
  #refresh(set: SetName): void {
    const { held, upkeep } = this.#options;
    const wanted = this.#options.wanted(set) ?? [];
    const before = held.addresses(set);
    const after = before.map((address) => {
      const meant = wanted.find((other) => isSame(other, address));
      return meant === undefined || meant.preferredSource === address.preferredSource ? address : meant;
    });
    const replaced = before.filter((address) => !after.includes(address));
    if (replaced.length === 0) return;
    held.put(set, after);
    upkeep.forget(replaced);
  }

  #missing(sets: readonly SetName[]): ReadonlyMap<SetName, readonly PlacedAddress[]> {
    return this.#compared(sets, (held, wanted) => wanted.filter((address) => !isAmong(address, held)));
  }

  #surplus(
    sets: readonly SetName[],
    isMeant: (address: PlacedAddress, wanted: readonly PlacedAddress[]) => boolean,
  ): ReadonlyMap<SetName, readonly PlacedAddress[]> {
    return this.#compared(sets, (held, wanted) =>
      held.filter((address) => !isAmong(address, wanted) && isMeant(address, wanted)),
    );
  }

  #compared(
    sets: readonly SetName[],
    pick: (held: readonly PlacedAddress[], wanted: readonly PlacedAddress[]) => readonly PlacedAddress[],
  ): ReadonlyMap<SetName, readonly PlacedAddress[]> {
    const picked = new Map<SetName, readonly PlacedAddress[]>();
    for (const set of sets) {
      const wanted = this.#options.wanted(set);
      if (!this.#options.held.holds(set) || wanted === null) continue;
      const addresses = pick(this.#options.held.addresses(set), wanted);
      if (addresses.length > 0) picked.set(set, addresses);
    }
    return picked;
  }

  /** Without those that are to be elsewhere, and that the kernel does not let go there. */
  #unhindered(missing: ReadonlyMap<SetName, readonly PlacedAddress[]>): ReadonlyMap<SetName, readonly PlacedAddress[]> {
    const free = new Map<SetName, readonly PlacedAddress[]>();
    for (const [set, addresses] of missing) {
      const leaving = this.#options.removals.leaving(set);
      const usable = addresses.filter((address) => {
        const other = leaving.find((each) => isInTheWay(each, address));
        if (other === undefined) return true;
        this.#tell(set, address, `it is still there as ${other.address}/${other.prefixLength} on ${other.interface}`);
        return false;
      });
      if (usable.length > 0) free.set(set, usable);
    }
    return free;
  }

  /** Without those that something else on this host, or another station, has. */
  async #free(
    missing: ReadonlyMap<SetName, readonly PlacedAddress[]>,
  ): Promise<ReadonlyMap<SetName, readonly PlacedAddress[]>> {
    const { links, watch, probes, linkOf } = this.#options;
    const all = [...missing.values()].flat();
    if (all.length === 0) return missing;
    const holders = await probes.ask(
      all.flatMap((address) => {
        const link = linkOf(address);
        return link === null ? [] : [{ address, link }];
      }),
    );
    const free = new Map<SetName, readonly PlacedAddress[]>();
    for (const [set, addresses] of missing) {
      const usable = addresses.filter((address) => {
        const mac = holders.get(address);
        const elsewhere = takenElsewhere(new Map([[set, [address]]]), watch.all(), links).get(set);
        const why = mac === undefined ? elsewhere : describeConflict({ address: address.address, mac });
        if (why !== undefined) this.#tell(set, address, why);
        if (mac !== undefined) this.#tellTaken(set, { address: address.address, mac });
        return why === undefined;
      });
      if (usable.length > 0) free.set(set, usable);
    }
    return free;
  }

  /** What was released while the segment was asked is left alone. */
  async #add(free: ReadonlyMap<SetName, readonly PlacedAddress[]>): Promise<void> {
    const { route, held, removals, lifetime, guard, unguard, onChanged } = this.#options;
    const still = new Map([...free].filter(([set]) => held.holds(set)));
    if (still.size === 0) return;
    for (const [set, addresses] of still) held.put(set, [...held.addresses(set), ...addresses]);
    const setOf = new Map(
      [...still].flatMap(([set, addresses]) => addresses.map((address) => [address, set] as const)),
    );
    for (const [set, addresses] of still) await removals.keep(set, addresses);
    await guard([...setOf.keys()]);
    const results = await addAddresses(route, [...setOf.keys()], lifetime);
    const late = new Map<SetName, PlacedAddress[]>();
    const failed: PlacedAddress[] = [];
    for (const result of results) {
      const set = setOf.get(result.address);
      if (set === undefined) continue;
      const why = failureOf(result);
      if (why !== null) {
        this.#forget(set, result.address, why);
        failed.push(result.address);
      } else if (!held.has(result.address)) late.set(set, [...(late.get(set) ?? []), result.address]);
    }
    onChanged([...still.keys()]);
    await unguard(failed);
    if (late.size > 0) await this.#remove(late);
  }

  #forget(set: SetName, address: PlacedAddress, why: string): void {
    const { held } = this.#options;
    if (held.has(address))
      held.put(
        set,
        held.addresses(set).filter((other) => other !== address),
      );
    this.#tell(set, address, why);
  }

  /** In the log where it is news. */
  #tell(set: SetName, { address, prefixLength }: PlacedAddress, why: string): void {
    const line = `it is without ${address}/${prefixLength}, which the configuration added: ${why}`;
    const found = this.#found.get(set) ?? { lines: new Set(), why, taken: false };
    this.#found.set(set, found);
    found.lines.add(line);
    if (this.#lacks.get(set)?.lines.has(line) !== true) this.#options.onTrouble(`set ${set}: ${line}`);
  }

  #tellTaken(set: SetName, claimant: AddressClaim): void {
    const found = this.#found.get(set);
    if (found !== undefined) found.taken = true;
    this.#options.onTaken(set, claimant);
  }

  async #take(surplus: ReadonlyMap<SetName, readonly PlacedAddress[]>): Promise<void> {
    if (surplus.size === 0) return;
    const { held, upkeep, onChanged } = this.#options;
    for (const [set, addresses] of surplus) {
      held.put(
        set,
        held.addresses(set).filter((address) => !addresses.includes(address)),
      );
      upkeep.forget(addresses);
    }
    onChanged([...surplus.keys()]);
    await this.#remove(surplus);
  }

  /** What the kernel refuses is asked for again, and holds up nothing. */
  async #remove(addresses: ReadonlyMap<SetName, readonly PlacedAddress[]>): Promise<void> {
    const { insist } = await this.#options.removals.begin(addresses);
    this.#options.begun(insist());
  }
}

function describe([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first}; and without ${others.length} more`;
}

function isAmong(address: PlacedAddress, others: readonly PlacedAddress[]): boolean {
  return others.some((other) => isSame(other, address));
}

/** On two interfaces the network would not know where it is; an IPv6 address is on one with one prefix length only. */
function isInTheWay(address: PlacedAddress, other: PlacedAddress): boolean {
  if (address.address !== other.address) return false;
  return (
    address.interfaceIndex !== other.interfaceIndex ||
    (address.family === 6 && address.prefixLength !== other.prefixLength)
  );
}

function failureOf(result: AddResult): string | null {
  return result.kind === 'failed' || result.kind === 'address-taken' ? result.error.message : null;
}
