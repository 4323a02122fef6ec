/** What agent/suspicion.ts does, in virtual time: asks silent hosts for what they were last known to hold. */
import type { MemberId } from '../../agent/membership/view.ts';
import { hostOf } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { isLeftTo } from '../../agent/ownership/spared.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import {
  newSuspect,
  restMs,
  roundsPerPatience,
  type SuspectAnswer,
  type SuspectTally,
  suspectTallied,
} from '../../agent/ownership/suspect-tally.ts';
import type { Host } from './host.ts';

type Watch = { tally: SuspectTally; round: number };

export class Suspicion {
  readonly #host: Host;
  readonly #ownership: () => OwnershipState;
  readonly #onChange: (members: ReadonlySet<MemberId>) => void;
  readonly #suspects = new Map<MemberId, Watch>();
  #answering: ReadonlySet<MemberId> = new Set();
  #closed = false;

  constructor(host: Host, ownership: () => OwnershipState, onChange: (members: ReadonlySet<MemberId>) => void) {
    this.#host = host;
    this.#ownership = ownership;
    this.#onChange = onChange;
  }

  suspect(members: readonly MemberId[], heard: readonly MemberId[]): void {
    if (this.#closed) return;
    for (const member of this.#suspects.keys()) {
      if (members.includes(member)) continue;
      this.#suspects.delete(member);
      this.#note(member, false);
    }
    for (const member of members) {
      if (this.#suspects.has(member)) continue;
      const watch: Watch = { tally: newSuspect(heard.includes(member), this.#heldBy(member).length > 0), round: 0 };
      this.#suspects.set(member, watch);
      this.#note(member, watch.tally.answers);
      this.#ask(member, watch);
    }
  }

  /** What is set still fires, once, and does nothing. */
  close(): void {
    this.#closed = true;
    this.#suspects.clear();
  }

  #ask(member: MemberId, watch: Watch): void {
    if (this.#suspects.get(member) !== watch) return;
    const host = this.#host;
    const roundMs = host.options.detectMs / roundsPerPatience;
    watch.round += 1;
    const take = (answer: SuspectAnswer): void => {
      if (this.#suspects.get(member) !== watch) return;
      watch.tally = suspectTallied(watch.tally, answer);
      this.#note(member, watch.tally.answers);
      const inMs = restMs(watch.tally, watch.round, roundMs);
      if (inMs === 0) this.#ask(member, watch);
      else host.timer(host.localNow + inMs, () => this.#ask(member, watch));
    };
    const answerers = this.#heldBy(member).flatMap((set) => host.world.ask(host.name, set));
    if (answerers.includes(hostOf(member))) take('answers');
    else host.timer(host.localNow + roundMs, () => take(answerers.length > 0 ? 'elsewhere' : 'silent'));
  }

  #heldBy(member: MemberId): readonly SetName[] {
    const assignments = [...this.#ownership().assignments.values()];
    return assignments.flatMap((assignment) => (isLeftTo(assignment, member) ? assignment.set : [])).slice(0, 2);
  }

  #note(member: MemberId, answers: boolean): void {
    if (this.#answering.has(member) === answers) return;
    const answering = new Set(this.#answering);
    if (answers) answering.add(member);
    else answering.delete(member);
    this.#answering = answering;
    this.#onChange(answering);
  }
}
