/**
 * Who has how much while an assignment is being made, and who is best for one more set: nobody that is damped, no two sets that are to
 * be kept apart, then priority, then load by weight, then the order of names. Candidates are numbers here, because this is the inner loop
 * of every decision: 64 members times 4,096 sets.
 */
import type { MemberId } from '../membership/view.ts';
import { type Candidate, mayOwn } from './candidates.ts';
import { type PoolSet, priorityOf } from './pool.ts';
import type { Choice } from './reason.ts';

export type Chosen = { readonly member: MemberId; readonly choice: Choice };

export class Placement {
  /** Sorted by member, so that the order in which they came decides nothing. */
  readonly candidates: readonly Candidate[];
  readonly #position: ReadonlyMap<MemberId, number>;
  readonly #weights: readonly number[];
  /** null: nobody is. */
  readonly #damped: readonly boolean[] | null;
  readonly #loads: number[];
  /** For each word of `apart`, how many of its sets each candidate has. */
  readonly #apart = new Map<string, number[]>();

  constructor(candidates: readonly Candidate[]) {
    this.candidates = [...candidates].sort((a, b) => (a.member < b.member ? -1 : 1));
    this.#position = new Map(this.candidates.map(({ member }, at) => [member, at]));
    this.#weights = this.candidates.map(({ weight }) => weight);
    this.#damped = this.candidates.some(({ damped }) => damped) ? this.candidates.map(({ damped }) => damped) : null;
    this.#loads = this.candidates.map(() => 0);
  }

  /** null for a member of which nothing is known yet. */
  find(member: MemberId): Candidate | null {
    const at = this.#position.get(member);
    return at === undefined ? null : (this.candidates[at] ?? null);
  }

  /** What is put on a member that is no candidate counts nowhere. */
  put(set: PoolSet, member: MemberId): void {
    this.#change(set, member, 1);
  }

  take(set: PoolSet, member: MemberId): void {
    this.#change(set, member, -1);
  }

  loadOf(member: MemberId): number {
    return this.#loads[this.#position.get(member) ?? -1] ?? 0;
  }

  /** How many sets the member has that should not be where `set` is; `set` itself is not to be counted in. */
  conflictsOf(set: PoolSet, member: MemberId): number {
    if (set.apart === null) return 0;
    return this.#apart.get(set.apart)?.[this.#position.get(member) ?? -1] ?? 0;
  }

  /** The best for one more set, and what told it from the second; null where there is none. */
  choose(set: PoolSet, isWanted?: (candidate: Candidate) => boolean): Chosen | null {
    const conflicts = set.apart === null ? undefined : this.#apart.get(set.apart);
    const ranked = set.prefer.length > 0;
    let best = -1;
    let second = -1;
    for (let at = 0; at < this.candidates.length; at++) {
      const candidate = this.candidates[at];
      if (candidate === undefined || !mayOwn(candidate, set) || isWanted?.(candidate) === false) continue;
      if (best === -1 || this.#compare(set, at, best, conflicts, ranked) < 0) {
        second = best;
        best = at;
      } else if (second === -1 || this.#compare(set, at, second, conflicts, ranked) < 0) {
        second = at;
      }
    }
    const chosen = this.candidates[best];
    if (chosen === undefined) return null;
    return { member: chosen.member, choice: this.#difference(set, best, second, conflicts, ranked) };
  }

  #change(set: PoolSet, member: MemberId, by: 1 | -1): void {
    const at = this.#position.get(member);
    if (at === undefined) return;
    this.#loads[at] = (this.#loads[at] ?? 0) + by;
    if (set.apart === null) return;
    const counts = this.#apart.get(set.apart) ?? this.candidates.map(() => 0);
    counts[at] = (counts[at] ?? 0) + by;
    this.#apart.set(set.apart, counts);
  }

  /** Negative where `a` should rather have one more set. */
  #compare(set: PoolSet, a: number, b: number, conflicts: readonly number[] | undefined, ranked: boolean): number {
    if (this.#damped !== null && this.#damped[a] !== this.#damped[b]) return this.#damped[a] ? 1 : -1;
    if (conflicts !== undefined) {
      const byConflicts = (conflicts[a] ?? 0) - (conflicts[b] ?? 0);
      if (byConflicts !== 0) return byConflicts;
    }
    const byPriority = ranked ? this.#priority(set, a) - this.#priority(set, b) : 0;
    return byPriority || this.#compareLoad(a, b) || a - b;
  }

  #difference(
    set: PoolSet,
    best: number,
    second: number,
    conflicts: readonly number[] | undefined,
    ranked: boolean,
  ): Choice {
    if (second === -1) return 'only candidate';
    if (this.#damped !== null && this.#damped[best] !== this.#damped[second]) return 'not damped';
    if (conflicts !== undefined && conflicts[best] !== conflicts[second]) return 'kept apart';
    if (ranked && this.#priority(set, best) !== this.#priority(set, second)) return 'preferred';
    return this.#compareLoad(best, second) !== 0 ? 'least loaded' : 'first by name';
  }

  #priority(set: PoolSet, at: number): number {
    const candidate = this.candidates[at];
    return candidate === undefined ? 0 : priorityOf(set, candidate.host);
  }

  /** By what the load would be with one more, in whole numbers: (load + 1) / weight, cross-multiplied. */
  #compareLoad(a: number, b: number): number {
    return (
      ((this.#loads[a] ?? 0) + 1) * (this.#weights[b] ?? 1) - ((this.#loads[b] ?? 0) + 1) * (this.#weights[a] ?? 1)
    );
  }
}
