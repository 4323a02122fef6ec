/**
 * Silence is not death: whether members that are not heard still answer for what they held. Asked from the first missed heartbeat on,
 * while patience runs out, so that it costs no time; and for as long as they are silent, since what answers is not taken over. One that
 * is heard and does not hear us is no other case: it does not know that the group goes on without it.
 */
import { Answering } from './answering.ts';
import type { VirtualAddress } from './config/config.ts';
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
  readonly #answering: Answering;

  constructor(options: SuspicionOptions) {
    this.#options = options;
    const { onChange } = options;
    this.#answering = new Answering({ watch: (member, heard) => this.#watch(member, heard), onChange });
  }

  /** As `Answering.suspect`. */
  suspect(members: readonly MemberId[], heard: readonly MemberId[] = []): void {
    this.#answering.suspect(members, heard);
  }

  /** As `Answering.inherit`. */
  inherit(members: readonly MemberId[]): void {
    this.#answering.inherit(members);
  }

  close(): void {
    this.#answering.close();
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
      this.#answering.note(member, tally.answers);
      cancel = clock.after(restMs(tally, round, timeoutMs), () => void ask(round + 1));
    };
    void ask(1); // before what takes longer
    this.#answering.note(member, tally.answers);
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
}
