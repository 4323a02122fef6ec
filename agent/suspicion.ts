/**
 * Silence is not death: whether members that are not heard still answer for what they held. Asked from the first missed heartbeat on,
 * while patience runs out, so that it costs no time; and for as long as they are silent, since what answers is not taken over. One that
 * is heard and does not hear us is no other case: it does not know that the group goes on without it.
 */
import type { VirtualAddress } from './config/config.ts';
import { sameList } from './membership/identity.ts';
import type { MemberId } from './membership/view.ts';
import {
  newSuspect,
  restMs,
  roundsPerPatience,
  type SuspectAnswer,
  suspectTallied,
} from './ownership/suspect-tally.ts';
import type { Clock } from './system/clock.ts';
import type { MacAddress } from './wire/mac-address.ts';

export type SuspicionOptions = {
  readonly clock: Clock;
  /** Patience: several rounds fit into what of it is left at the first missed heartbeat. */
  readonly detectMs: number;
  /** Addresses that the group last knew it to hold. */
  readonly heldBy: (member: MemberId) => readonly VirtualAddress[];
  /** Who has the address; null: nobody answers within the time. */
  readonly probe: (address: VirtualAddress, timeoutMs: number) => Promise<MacAddress | null>;
  readonly isFrom: (mac: MacAddress, member: MemberId) => boolean;
  /** It has said that it will be silent for a while: taken for answering before it is asked. */
  readonly isExpected: (member: MemberId) => boolean;
  /** The whole truth, whenever it changes: who answers, or has not been asked to the end. */
  readonly onChange: (answering: ReadonlySet<MemberId>) => void;
};

/** One answer tells that the host is there; the second address is for one that was just given away. */
const addressesAsked = 2;
/** On one segment an answer takes less than 1 ms; a busy host may need its time. With heartbeats every 10 ms it is what patience leaves. */
const timeoutMsMin = 4;

export class Suspicion {
  readonly #options: SuspicionOptions;
  /** A suspect, and how to stop asking for it. */
  readonly #watches = new Map<MemberId, () => void>();
  #suspected: readonly MemberId[] = [];
  #inherited: readonly MemberId[] = [];
  #answering: ReadonlySet<MemberId> = new Set();
  #closed = false;

  constructor(options: SuspicionOptions) {
    this.#options = options;
  }

  /**
   * @param members all that are suspected now
   * @param heard those of them that are there, as far as one can know: taken for answering before they are asked
   */
  suspect(members: readonly MemberId[], heard: readonly MemberId[] = []): void {
    this.#suspected = members;
    this.#watchAll(heard);
  }

  /** @param members all that fell silent before this one came, and to whom others left what they have because they answered */
  inherit(members: readonly MemberId[]): void {
    if (sameList(members, this.#inherited)) return;
    this.#inherited = members;
    this.#watchAll(members);
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
  }

  #watchAll(heard: readonly MemberId[]): void {
    if (this.#closed) return; // an agent that leaves hears that the others go on without it
    const members = [...this.#suspected, ...this.#inherited];
    for (const [member, stop] of this.#watches) {
      if (members.includes(member)) continue;
      stop();
      this.#watches.delete(member);
      this.#note(member, false);
    }
    for (const member of members) {
      if (!this.#watches.has(member)) this.#watches.set(member, this.#watch(member, heard.includes(member)));
    }
  }

  #watch(member: MemberId, heard: boolean): () => void {
    const { clock, detectMs, heldBy, isExpected } = this.#options;
    const timeoutMs = Math.max(timeoutMsMin, detectMs / roundsPerPatience);
    let stopped = false;
    let cancel: () => void = () => {};
    let tally = newSuspect(heard || isExpected(member), heldBy(member).length > 0);
    const ask = async (round: number): Promise<void> => {
      const answer = await this.#ask(member, timeoutMs);
      if (stopped) return;
      tally = suspectTallied(tally, answer);
      this.#note(member, tally.answers);
      cancel = clock.after(restMs(tally, round, timeoutMs), () => void ask(round + 1));
    };
    void ask(1); // before what takes longer
    this.#note(member, tally.answers);
    return () => {
      stopped = true;
      cancel();
    };
  }

  async #ask(member: MemberId, timeoutMs: number): Promise<SuspectAnswer> {
    const { heldBy, probe, isFrom } = this.#options;
    const asked = heldBy(member).slice(0, addressesAsked);
    const macs = await Promise.all(asked.map((address) => probe(address, timeoutMs)));
    if (macs.some((mac) => mac !== null && isFrom(mac, member))) return 'answers';
    return macs.some((mac) => mac !== null) ? 'elsewhere' : 'silent';
  }

  #note(member: MemberId, answers: boolean): void {
    if (this.#answering.has(member) === answers) return;
    const answering = new Set(this.#answering);
    if (answers) answering.add(member);
    else answering.delete(member);
    this.#answering = answering;
    this.#options.onChange(answering);
  }
}
