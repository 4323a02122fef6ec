/** What is held stays in the kernel: its lifetime is renewed in time, and what something else removed is put back. */
import type { Evidence } from '../membership/evidence.ts';
import type { SetName } from '../ownership/grant.ts';
import { addressFlags, type KernelAddress } from '../wire/rtnetlink-address.ts';
import type { AddressChange, AddressWatch } from './address-watch.ts';
import { addAddresses, type PlacedAddress } from './addresses.ts';
import type { Clock } from './clock.ts';
import { onceEvident } from './evidence-wait.ts';
import type { HeldSets } from './held-sets.ts';
import { Primaries } from './primaries.ts';
import { Pulse } from './pulse.ts';
import { Renewal } from './renewal.ts';
import { Restorer, restoreIntervalMs } from './restorer.ts';
import type { RouteSocket } from './route-socket.ts';
import { UnderWay } from './under-way.ts';

export type UpkeepOptions = {
  readonly route: RouteSocket;
  readonly watch: AddressWatch;
  readonly clock: Clock;
  readonly held: HeldSets;
  readonly lifetimeSeconds: number | 'never';
  /** What comes later than this after its time is not done: others may have taken over meanwhile. */
  readonly stallMs: number;
  /** Nothing is renewed without it. */
  readonly evidence: Evidence;
  /** Addresses of them were put back. */
  readonly onBack: (sets: readonly SetName[]) => void;
  /** It cannot be kept: what is left of it is to go. */
  readonly onLost: (set: SetName, why: string) => Promise<void>;
  /** They were put back when the set was released already. */
  readonly remove: (set: SetName, addresses: readonly PlacedAddress[]) => Promise<void>;
  readonly onTrouble: (message: string) => void;
};

/** Without a lifetime addresses are still looked after, in case that something removes them. */
const lookIntervalMs = 2_000;

/** Of the time between two renewals, at most, for a heartbeat where they are rare: three in a lifetime leave as much. */
const waitShare = 0.5;

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #pulse: Pulse;
  readonly #renewal: Renewal;
  readonly #restorer: Restorer<PlacedAddress>;
  readonly #primaries: Primaries;
  readonly #unwatch: () => void;
  /** Why the kernel refused to renew a set, as of the last time. */
  #unrenewed: ReadonlyMap<SetName, string> = new Map();
  readonly #renewalIntervalMs: number;
  readonly #underWay = new UnderWay();
  /** What the kernel is asked by them; not what follows from its answers. */
  readonly #renewals = new UnderWay();
  #closed = false;
  #cancelRenewal: () => void = () => {};
  #cancelWait: () => void = () => {};

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { lifetimeSeconds, clock, stallMs, watch } = options;
    this.#renewal = new Renewal({ route: options.route, watch, lifetime: options });
    this.#pulse = new Pulse({ clock, gapMs: stallMs });
    this.#restorer = new Restorer({ clock, restore: (addresses) => void this.#underWay.add(this.#putBack(addresses)) });
    this.#primaries = new Primaries({
      ...options,
      doubtful: () => this.#pulse.doubtful,
      begun: (change) => void this.#underWay.add(change),
    });
    this.#unwatch = watch.onChange((change) => this.#notice(change));
    this.#renewalIntervalMs = lifetimeSeconds === 'never' ? lookIntervalMs : (lifetimeSeconds * 1000) / 3;
    this.resumeRenewal();
  }

  /** Resolves when the kernel is not asked for a lifetime any more. */
  async stopRenewal(): Promise<void> {
    this.#cancelRenewal();
    this.#cancelWait();
    await this.#renewals.over();
  }

  resumeRenewal(): void {
    if (this.#closed) return;
    const { clock, stallMs } = this.#options;
    const due = clock.now() + this.#renewalIntervalMs;
    this.#cancelRenewal();
    this.#cancelRenewal = clock.after(this.#renewalIntervalMs, () => {
      const now = clock.now();
      this.resumeRenewal();
      if (now - due > stallMs || this.#options.held.all().length === 0) return;
      const waitMs = Math.min(stallMs, this.#renewalIntervalMs * waitShare);
      this.#cancelWait = onceEvident({ ...this.#options, waitMs }, () => void this.#underWay.add(this.#renew()));
    });
  }

  /** Given up: they are not put back any more. */
  forget(addresses: readonly PlacedAddress[]): void {
    for (const address of addresses) this.#restorer.forget(address);
  }

  /** What is wrong with sets that are held. */
  problems(): ReadonlyMap<SetName, string> {
    const { held, watch } = this.#options;
    const problems = new Map([...this.#primaries.problems(), ...this.#unrenewed]);
    for (const address of held.all()) {
      const set = held.setOf(address);
      if (set === undefined || !this.#restorer.isExhausted(address)) continue;
      problems.set(
        set,
        `something keeps removing ${address.address}/${address.prefixLength} from ${address.interface}; ` +
          `it is put back every ${restoreIntervalMs / 1000} s`,
      );
    }
    for (const present of watch.all()) {
      const found = isDuplicate(present) ? held.find(present) : undefined;
      if (found === undefined) continue;
      problems.set(
        found.set,
        `another station has ${found.address.address} on ${found.address.interface}: the kernel's duplicate detection failed (dadfailed)`,
      );
    }
    return problems;
  }

  /** Nothing is begun any more; resolves when what was asked of the kernel is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRenewal();
    this.#cancelWait();
    this.#unwatch();
    this.#primaries.close();
    this.#pulse.close();
    this.#restorer.close();
    await this.#underWay.over();
  }

  async #renew(): Promise<void> {
    const { held, onLost, onTrouble } = this.#options;
    const results = await this.#renewals.add(this.#renewal.renew(held.all()));
    const unrenewed = new Map<SetName, string>();
    const lost = new Map<SetName, string>();
    for (const result of results) {
      const set = held.setOf(result.address);
      if (set === undefined) continue; // released while the kernel was asked: not missed
      if (result.kind === 'gone') this.#restorer.missing(result.address);
      if (result.kind === 'failed') unrenewed.set(set, result.error.message);
      if (result.kind === 'address-taken') lost.set(set, result.error.message);
    }
    for (const [set, why] of unrenewed) if (!this.#unrenewed.has(set)) onTrouble(why);
    this.#unrenewed = unrenewed;
    await Promise.all([...lost].map(([set, why]) => onLost(set, why)));
  }

  #notice(change: AddressChange): void {
    const held = this.#options.held.find(change.value);
    if (held === undefined) return;
    if (change.kind === 'removed') this.#restorer.missing(held.address);
    if (change.kind === 'changed' && isDuplicate(change.value) && !isDuplicate(change.before)) {
      this.#options.onTrouble(`${held.address.address} on ${held.address.interface}: duplicate detection failed`);
    }
  }

  /** Those that are there all the same (removed and added by ourselves, or put back meanwhile) are left as they are. */
  async #putBack(missing: readonly PlacedAddress[]): Promise<void> {
    if (this.#pulse.doubtful) return; // the next renewal finds them, if they are ours by then
    const { route, held, onBack, onLost, remove, onTrouble } = this.#options;
    const sets = new Map(
      missing.flatMap((address) => {
        const set = held.has(address) ? held.setOf(address) : undefined;
        return set === undefined ? [] : [[address, set] as const];
      }),
    );
    const back: PlacedAddress[] = [];
    const lost = new Map<SetName, string>();
    const late: Promise<void>[] = [];
    for (const result of await addAddresses(route, [...sets.keys()], this.#options)) {
      const set = held.setOf(result.address);
      if (result.kind === 'added' && set !== undefined) back.push(result.address);
      const former = sets.get(result.address);
      if (result.kind === 'added' && set === undefined && former !== undefined)
        late.push(remove(former, [result.address]));
      if (set === undefined) continue; // released meanwhile
      if (result.kind === 'failed' || result.kind === 'address-taken') lost.set(set, result.error.message);
    }
    for (const line of describeReturn(back)) onTrouble(line);
    if (back.length > 0) onBack([...new Set(back.flatMap((address) => held.setOf(address) ?? []))]);
    await Promise.all([...late, ...[...lost].map(([set, why]) => onLost(set, why))]);
  }
}

function isDuplicate(address: KernelAddress): boolean {
  return (address.flags & addressFlags.duplicateDetectionFailed) !== 0;
}

/** One line an interface: a flush of thousands is one event. */
function describeReturn(back: readonly PlacedAddress[]): readonly string[] {
  const names = new Set(back.map((address) => address.interface));
  return [...names].map((name) => {
    const addresses = back.filter((address) => address.interface === name);
    const [first, ...others] = addresses;
    const what = `${first?.address}${others.length === 0 ? '' : ` and ${others.length} more`}`;
    return `${what} ${others.length === 0 ? 'was' : 'were'} removed from ${name} by something else: put back`;
  });
}
