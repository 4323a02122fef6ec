/**
 * Who has how much while an assignment is being made, and who is best for one more set: no two sets that are to be kept apart,
 * then priority, then load by weight, then the order of names. Candidates are numbers here, because this is the inner loop
 * of every decision.
 */
import type { MemberId } from '../membership/view.ts';
import { type Candidate, hindrance } from './candidates.ts';
import { type PoolSet, priorityOf } from './pool.ts';
import type { Choice } from './reason.ts';

export type Chosen = { readonly member: MemberId; readonly choice: Choice };

export class Placement {
  /** Sorted by member, so that the order in which they came decides nothing. */
  readonly candidates: readonly Candidate[];
  readonly #position: ReadonlyMap<MemberId, number>;
  readonly #loads: number[];
  /** For each word of `apart`, how many of its sets each candidate has. */
  readonly #apart = new Map<string, number[]>();

  constructor(candidates: readonly Candidate[]) {
    this.candidates = [...candidates].sort((a, b) => (a.member < b.member ? -1 : 1));
    this.#position = new Map(this.candidates.map(({ member }, at) => [member, at]));
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
  choose(set: PoolSet, mayOwn: (candidate: Candidate) => boolean = () => true): Chosen | null {
    let best = -1;
    let second = -1;
    for (const [at, candidate] of this.candidates.entries()) {
      if (hindrance(candidate, set) !== null || !mayOwn(candidate)) continue;
      if (best === -1 || this.#rank(set, at, best)[0] < 0) {
        second = best;
        best = at;
      } else if (second === -1 || this.#rank(set, at, second)[0] < 0) {
        second = at;
      }
    }
    const chosen = this.candidates[best];
    if (chosen === undefined) return null;
    return { member: chosen.member, choice: second === -1 ? 'only candidate' : this.#rank(set, best, second)[1] };
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

  /** Negative where `a` should rather have one more set, and by which rule. */
  #rank(set: PoolSet, atA: number, atB: number): readonly [number, Choice] {
    const a = this.candidates[atA];
    const b = this.candidates[atB];
    if (a === undefined || b === undefined) return [0, 'first by name'];
    const byConflicts = this.conflictsOf(set, a.member) - this.conflictsOf(set, b.member);
    if (byConflicts !== 0) return [byConflicts, 'kept apart'];
    const byPriority = priorityOf(set, a.host) - priorityOf(set, b.host);
    if (byPriority !== 0) return [byPriority, 'preferred'];
    // What the load would be with one more, in whole numbers: (load + 1) / weight, cross-multiplied.
    const byLoad = ((this.#loads[atA] ?? 0) + 1) * b.weight - ((this.#loads[atB] ?? 0) + 1) * a.weight;
    if (byLoad !== 0) return [byLoad, 'least loaded'];
    return [atA - atB, 'first by name'];
  }
}
