/** What agent/suspicion.ts does, in virtual time: asks silent hosts for what they were last known to hold. */
import type { MemberId } from '../../agent/membership/view.ts';
import { hostOf } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { isLeftTo } from '../../agent/ownership/spared.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import {
  isDoubtful,
  newSuspect,
  roundsPerPatience,
  type SuspectAnswer,
  type SuspectTally,
  suspectTallied,
} from '../../agent/ownership/suspect-tally.ts';
import type { Host } from './host.ts';

type Watch = { tally: SuspectTally };

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
      const watch: Watch = { tally: newSuspect(heard.includes(member), this.#heldBy(member).length > 0) };
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
    const { world, localNow, options } = this.#host;
    const roundMs = options.detectMs / roundsPerPatience;
    const take = (answer: SuspectAnswer): void => {
      if (this.#suspects.get(member) !== watch) return;
      watch.tally = suspectTallied(watch.tally, answer);
      this.#note(member, watch.tally.answers);
      const again = (): void => this.#ask(member, watch);
      if (isDoubtful(watch.tally)) again();
      else this.#host.timer(this.#host.localNow + roundMs, again);
    };
    if (this.#heldBy(member).some((set) => world.answers(hostOf(member), set))) take('answers');
    else this.#host.timer(localNow + roundMs, () => take('silent'));
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
