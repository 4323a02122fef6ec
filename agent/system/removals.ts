/**
 * Takes addresses of sets out of the kernel. A set is gone when the kernel says so of every address: what it refuses is asked for
 * again, as a set that is thought to be gone is put on another host, and here it would still answer.
 */
import type { SetName } from '../ownership/grant.ts';
import { isSame, type PlacedAddress, type RemoveResult, removeAddresses } from './addresses.ts';
import type { Clock } from './clock.ts';
import type { Guard } from './guard.ts';
import type { RouteSocket } from './route-socket.ts';

export type RemovalsOptions = {
  readonly route: RouteSocket;
  readonly clock: Clock;
  readonly guard: Pick<Guard, 'drop'>;
  readonly onTrouble: (message: string) => void;
};

type SetAddresses = ReadonlyMap<SetName, readonly PlacedAddress[]>;
type Failure = Extract<RemoveResult, { readonly kind: 'failed' }>;

/** Until the kernel is asked again, doubled each time: what it refuses once it may refuse for long. */
export const removalRetryMs = 100;
export const removalRetryMsMax = 10_000;
/** How often a set is tried once the agent ends, `removalRetryMs` apart. What is left then expires. */
export const lastTriesMax = 3;

export class Removals {
  readonly #options: RemovalsOptions;
  /** What is not known to be gone, and why the kernel did not let it go the last time. At most the sets of the pool. */
  readonly #leaving = new Map<SetName, { readonly addresses: readonly PlacedAddress[]; readonly why: string | null }>();
  /** Ends each pause. At most one a removal that was refused. */
  readonly #pauses = new Set<() => void>();
  #last: Promise<unknown> = Promise.resolve();
  #closing = false;

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** Tells of each set when it is gone; resolves when all are, or when the end does not wait any longer. */
  async remove(sets: SetAddresses, onGone: (sets: readonly SetName[]) => void): Promise<void> {
    await this.#insist(await this.#attempt(this.#leaveAll(sets), onGone), onGone);
  }

  /** @returns when they are gone, or were refused once: then `insist` asks again */
  async begin(sets: SetAddresses): Promise<{ readonly insist: () => Promise<void> }> {
    const refused = await this.#attempt(this.#leaveAll(sets), () => {});
    return { insist: () => this.#insist(refused, () => {}) };
  }

  /** They are wanted again: what was refused is not asked for any more. Waits for what the kernel is asked now. */
  async keep(name: SetName, addresses: readonly PlacedAddress[]): Promise<void> {
    await Promise.allSettled([this.#last]);
    const leaving = this.#leaving.get(name);
    if (leaving === undefined) return;
    const left = leaving.addresses.filter((address) => !addresses.some((kept) => isSame(kept, address)));
    if (left.length === 0) this.#leaving.delete(name);
    else this.#leaving.set(name, { ...leaving, addresses: left });
  }

  /** What is not known to be gone. */
  leaving(name: SetName): readonly PlacedAddress[] {
    return this.#leaving.get(name)?.addresses ?? [];
  }

  problems(): ReadonlyMap<SetName, string> {
    const refused = [...this.#leaving].flatMap(([name, { why }]) => (why === null ? [] : [[name, why] as const]));
    return new Map(refused.map(([name, why]) => [name, `${why}; it is tried again`]));
  }

  /** From now on a set is tried `lastTriesMax` times. */
  close(): void {
    this.#closing = true;
    for (const end of this.#pauses) end();
  }

  /** Until nothing is refused, or wanted, any more. */
  async #insist(refusedFirst: ReadonlySet<SetName>, onGone: (sets: readonly SetName[]) => void): Promise<void> {
    let refused = refusedFirst;
    let delayMs = removalRetryMs;
    for (let lastTries = 0; refused.size > 0; ) {
      if (this.#closing) lastTries += 1;
      if (lastTries >= lastTriesMax) return;
      await this.#pause(this.#closing ? removalRetryMs : delayMs);
      delayMs = Math.min(2 * delayMs, removalRetryMsMax);
      refused = await this.#attempt(new Map([...refused].map((name) => [name, this.leaving(name)])), onGone);
    }
  }

  /** @returns the sets of which something was refused */
  async #attempt(left: SetAddresses, onGone: (sets: readonly SetName[]) => void): Promise<ReadonlySet<SetName>> {
    const results = await this.#removeOnce([...left.values()].flat());
    const refused = failuresBySet(left, results);
    const gone = [...left.keys()].filter((name) => !refused.has(name));
    for (const name of gone) this.#leaving.delete(name);
    for (const [name, failures] of refused) this.#refuse(name, failures);
    if (gone.length > 0) onGone(gone);
    return new Set(refused.keys());
  }

  #leaveAll(sets: SetAddresses): SetAddresses {
    return new Map([...sets].map(([name, addresses]) => [name, this.#leave(name, addresses)]));
  }

  /** @returns with what is still there of an earlier removal: without it the set would be thought gone */
  #leave(name: SetName, addresses: readonly PlacedAddress[]): readonly PlacedAddress[] {
    const before = this.#leaving.get(name);
    const all = [...new Set([...(before?.addresses ?? []), ...addresses])];
    this.#leaving.set(name, { addresses: all, why: before?.why ?? null });
    return all;
  }

  #refuse(name: SetName, failures: readonly Failure[]): void {
    const why = failures[0]?.error.message ?? null;
    if (why !== null && this.#leaving.get(name)?.why !== why) this.#options.onTrouble(why);
    this.#leaving.set(name, { addresses: failures.map(({ address }) => address), why });
  }

  /** One after the other: a removal puts back what it saw go along with a primary, also what another is removing. */
  #removeOnce(addresses: readonly PlacedAddress[]): Promise<readonly RemoveResult[]> {
    const { route, guard } = this.#options;
    const remove = async () => {
      const results = await removeAddresses(route, addresses);
      await guard.drop(results.flatMap(({ kind, address }) => (kind === 'failed' ? [] : [address])));
      return results;
    };
    const removal = this.#last.then(remove, remove);
    this.#last = removal;
    return removal;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#options.clock.after(delayMs, end);
      this.#pauses.add(end);
    });
  }
}

function failuresBySet(sets: SetAddresses, results: readonly RemoveResult[]): ReadonlyMap<SetName, readonly Failure[]> {
  const failures = new Map(results.flatMap((each) => (each.kind === 'failed' ? [[each.address, each] as const] : [])));
  return new Map(
    [...sets].flatMap(([name, addresses]) => {
      const failed = addresses.flatMap((address) => failures.get(address) ?? []);
      return failed.length === 0 ? [] : [[name, failed] as const];
    }),
  );
}
