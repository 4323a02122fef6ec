/** What agent/suspicion.ts does, in virtual time: asks silent hosts for what they were last known to hold. */
import type { MemberId } from '../../agent/membership/view.ts';
import { hostOf } from '../../agent/membership/view.ts';
import { isLeftTo } from '../../agent/ownership/spared.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import type { Host } from './host.ts';

/** As there. */
const roundsPerPatience = 6;
const roundsInVainMax = 3;

export class Suspicion {
  readonly #host: Host;
  readonly #ownership: () => OwnershipState;
  readonly #onChange: (members: ReadonlySet<MemberId>) => void;
  /** With how many rounds were in vain in a row. */
  readonly #suspects = new Map<MemberId, { inVain: number }>();
  #answering: ReadonlySet<MemberId> = new Set();

  constructor(host: Host, ownership: () => OwnershipState, onChange: (members: ReadonlySet<MemberId>) => void) {
    this.#host = host;
    this.#ownership = ownership;
    this.#onChange = onChange;
  }

  suspect(members: readonly MemberId[], heard: readonly MemberId[]): void {
    for (const member of this.#suspects.keys()) {
      if (members.includes(member)) continue;
      this.#suspects.delete(member);
      this.#note(member, false);
    }
    for (const member of members) {
      if (this.#suspects.has(member)) continue;
      const watch = { inVain: 0 };
      this.#suspects.set(member, watch);
      if (heard.includes(member)) this.#note(member, true);
      this.#ask(member, watch);
    }
  }

  #ask(member: MemberId, watch: { inVain: number }): void {
    if (this.#suspects.get(member) !== watch) return;
    const { world, localNow, options } = this.#host;
    const roundMs = options.detectMs / roundsPerPatience;
    const asked = [...this.#ownership().assignments.values()].filter((it) => isLeftTo(it, member)).slice(0, 2);
    const again = (): void => this.#ask(member, watch);
    if (asked.some(({ set }) => world.answers(hostOf(member), set))) {
      watch.inVain = 0;
      this.#note(member, true);
      this.#host.timer(localNow + roundMs, again);
      return;
    }
    this.#host.timer(localNow + roundMs, () => {
      if (this.#suspects.get(member) !== watch) return;
      watch.inVain += 1;
      const doubtful = watch.inVain < roundsInVainMax && this.#answering.has(member);
      if (doubtful) return again();
      this.#note(member, false);
      this.#host.timer(this.#host.localNow + roundMs, again);
    });
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
