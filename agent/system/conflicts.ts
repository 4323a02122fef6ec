/** Stations outside of the group that claim what this host holds: who, since when, and what is done about it (RFC 5227 §2.4). */
import type { InstantMs } from '../membership/view.ts';
import type { SetName } from '../ownership/grant.ts';
import { claimRetryMsMax } from '../ownership/state.ts';
import type { MacAddress } from '../wire/mac-address.ts';
import type { AddressClaim } from './address-claim.ts';
import type { HeardClaim } from './claim-listener.ts';
import type { Clock } from './clock.ts';

/** With a station outside of the group. */
export type Conflict = AddressClaim & { readonly since: InstantMs };

export type ConflictsOptions = {
  readonly clock: Clock;
  /** The set that is held here with this address on this interface, if one is. */
  readonly setOf: (claim: HeardClaim) => SetName | undefined;
  /** Of an interface of this host. */
  readonly isOwn: (mac: MacAddress) => boolean;
  /** A station began to claim an address of the set. */
  readonly onConflict: (set: SetName, claimant: AddressClaim) => void;
  /** Announce it, to be heard over the other. */
  readonly defend: (set: SetName) => void;
};

/** RFC 5227 §2.4 (c): DEFEND_INTERVAL. */
export const defendIntervalMs = 10_000;
/** A conflict ends when the other was not heard for so long: Linux asks for a neighbour in use every 15 to 45 s. */
export const conflictQuietMs = 60_000;
/** Whoever was heard before a claim is told of with it: longer than a takeover takes, and less than the 10 s after which one that failed is tried again, and asks first. */
export const strangerMsMax = 5_000;
/** A station that refuses the next try as well is one conflict with the last. */
const refusedMsMax = claimRetryMsMax + conflictQuietMs;
/** Conflicts and members that are remembered; beyond that the oldest is forgotten. */
const conflictsMax = 4096;
const membersMax = 1024;

type Known = Conflict & { readonly set: SetName; readonly heardAt: InstantMs };

export class Conflicts {
  readonly #options: ConflictsOptions;
  readonly #conflicts = new Map<string, Known>();
  /** Who has what could not be got here. At most the sets of the pool. */
  readonly #refused = new Map<SetName, Known>();
  readonly #defendedAt = new Map<SetName, number>(); // at most the sets of the pool
  /** Who was heard to have what nobody holds here: whoever answers for an address whose owner is silent, for example. */
  readonly #strangers = new Map<string, HeardClaim & { readonly heardAt: number }>();
  /** MACs that ever were in the group. */
  readonly #members = new Set<MacAddress>();

  constructor(options: ConflictsOptions) {
    this.#options = options;
  }

  heard(claim: HeardClaim): void {
    const { clock, isOwn, setOf, onConflict, defend } = this.#options;
    if (this.#members.has(claim.mac) || isOwn(claim.mac)) return;
    const set = setOf(claim);
    const now = clock.now();
    const key = `${claim.interfaceIndex} ${claim.address} ${claim.mac}`;
    this.#strangers.delete(key);
    if (set === undefined) {
      this.#strangers.set(key, { ...claim, heardAt: now });
      forgetOldest(this.#strangers, conflictsMax);
      return;
    }
    const known = this.#conflicts.get(key);
    const isNew = known === undefined || now - known.heardAt > conflictQuietMs;
    this.#conflicts.delete(key);
    const { address, mac } = claim;
    this.#conflicts.set(key, { set, address, mac, since: isNew ? now : known.since, heardAt: now });
    forgetOldest(this.#conflicts, conflictsMax);
    if (isNew) onConflict(set, { address, mac });
    if (now - (this.#defendedAt.get(set) ?? Number.NEGATIVE_INFINITY) < defendIntervalMs) return;
    this.#defendedAt.set(set, now);
    defend(set);
  }

  /** It was not put into the kernel, or is given up, for a station that has an address of it. */
  refused(set: SetName, { address, mac }: AddressClaim): void {
    const now = this.#options.clock.now();
    const before = [...this.#conflicts.values(), ...this.#refused.values()].find(
      (known) =>
        known.set === set && known.address === address && known.mac === mac && now - known.heardAt <= refusedMsMax,
    );
    this.#refused.set(set, { set, address, mac, since: before?.since ?? now, heardAt: now });
  }

  /** A claim has failed: whoever was the reason of the one before is not the reason any more, if another is given. */
  failed(set: SetName, why: string): void {
    const known = this.#refused.get(set);
    if (known !== undefined && describe(known) !== why) this.#refused.delete(set);
  }

  /** They are held here now: who was heard to have an address of them lately has it still. */
  claimed(sets: readonly SetName[]): void {
    const { clock, setOf } = this.#options;
    for (const set of sets) this.#refused.delete(set);
    for (const [key, { heardAt, ...claim }] of [...this.#strangers]) {
      if (clock.now() - heardAt > strangerMsMax) this.#strangers.delete(key);
      const set = setOf(claim);
      if (this.#strangers.has(key) && set !== undefined && sets.includes(set)) this.heard(claim);
    }
  }

  /** These belong to the group: what they claim is between its members. */
  addMembers(macs: readonly MacAddress[]): void {
    for (const mac of macs) {
      this.#members.delete(mac);
      this.#members.add(mac);
      for (const known of [this.#conflicts, this.#strangers])
        for (const [key, claim] of known) if (claim.mac === mac) known.delete(key);
      for (const [set, claim] of this.#refused) if (claim.mac === mac) this.#refused.delete(set);
    }
    forgetOldest(this.#members, membersMax);
  }

  isMember(mac: MacAddress): boolean {
    return this.#members.has(mac);
  }

  /** Those that were heard lately, of the sets that `holds` says are still here. */
  problems(holds: (set: SetName) => boolean): ReadonlyMap<SetName, string> {
    return new Map([...this.#heardLately(holds)].map(([set, conflict]) => [set, describe(conflict)]));
  }

  /**
   * With whom a set is in conflict: whoever was heard lately, or else was the reason why it is not here, or not in whole.
   *
   * @param waits whether it is to be tried again here
   */
  current(holds: (set: SetName) => boolean, waits: (set: SetName) => boolean): ReadonlyMap<SetName, Conflict> {
    const refused = [...this.#refused].filter(([set]) => waits(set));
    return new Map([...refused, ...this.#heardLately(holds)]);
  }

  /** The newest of each set. */
  #heardLately(holds: (set: SetName) => boolean): ReadonlyMap<SetName, Conflict> {
    const now = this.#options.clock.now();
    const heard = new Map<SetName, Conflict>();
    for (const [key, conflict] of this.#conflicts) {
      if (now - conflict.heardAt > conflictQuietMs) this.#conflicts.delete(key);
      else if (holds(conflict.set)) heard.set(conflict.set, conflict);
    }
    return heard;
  }
}

/** `conflict: 02:00:00:00:00:0b claims 192.0.2.10` */
export function describe({ address, mac }: AddressClaim): string {
  return `conflict: ${mac} claims ${address}`;
}

function forgetOldest(collection: Map<unknown, unknown> | Set<unknown>, sizeMax: number): void {
  const [oldest] = collection.keys();
  if (collection.size > sizeMax) collection.delete(oldest);
}
