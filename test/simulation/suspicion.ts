/** What agent/suspicion.ts does, in virtual time: asks silent hosts for what they were last known to hold. */
import { Answering } from '../../agent/answering.ts';
import { type HostName, hostOf, type MemberId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { setsLeftTo } from '../../agent/ownership/spared.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import {
  newSuspect,
  restMs,
  roundsPerPatience,
  type SuspectAnswer,
  type SuspectTally,
  suspectTallied,
} from '../../agent/ownership/suspect-tally.ts';
import { presentOf } from '../../agent/stations.ts';
import type { Host } from './host.ts';

type Watch = { tally: SuspectTally; round: number; unanswered: boolean };

export class Suspicion {
  readonly #host: Host;
  readonly #ownership: () => OwnershipState;
  readonly #answering: Answering;
  readonly #suspects = new Map<MemberId, Watch>();
  #suspected: readonly MemberId[] = [];

  constructor(host: Host, ownership: () => OwnershipState, onChange: (members: ReadonlySet<MemberId>) => void) {
    this.#host = host;
    this.#ownership = ownership;
    this.#answering = new Answering({ watch: (member, heard) => this.#watch(member, heard), onChange });
  }

  suspect(members: readonly MemberId[], heard: readonly MemberId[]): void {
    this.#suspected = members;
    this.#answering.suspect(members, heard);
  }

  inherit(members: readonly MemberId[]): void {
    this.#answering.inherit(members);
  }

  /** A question is under way that may end what is left to somebody. */
  get isInDoubt(): boolean {
    for (const [member, { tally, unanswered }] of this.#suspects)
      if (tally.answers && unanswered && this.#heldBy(member).length > 0) return true;
    return false;
  }

  /** What is set still fires, once, and does nothing. */
  close(): void {
    this.#answering.close();
  }

  #watch(member: MemberId, heard: boolean): () => void {
    const tally = newSuspect(heard, this.#heldBy(member).length > 0);
    const watch: Watch = { tally, round: 0, unanswered: false };
    this.#suspects.set(member, watch);
    this.#answering.note(member, tally.answers);
    this.#ask(member, watch);
    return () => this.#suspects.delete(member);
  }

  #ask(member: MemberId, watch: Watch): void {
    if (this.#suspects.get(member) !== watch) return;
    const host = this.#host;
    const roundMs = host.options.detectMs / roundsPerPatience;
    watch.round += 1;
    watch.unanswered = true;
    const take = (answer: SuspectAnswer): void => {
      if (this.#suspects.get(member) !== watch) return;
      watch.unanswered = false;
      watch.tally = suspectTallied(watch.tally, answer);
      this.#answering.note(member, watch.tally.answers);
      const inMs = restMs(watch.tally, watch.round, roundMs);
      if (inMs === 0) this.#ask(member, watch);
      else host.timer(host.localNow + inMs, () => this.#ask(member, watch));
    };
    const answerers = this.#heldBy(member).flatMap((set) => host.world.ask(host.name, set));
    const present = presentOf(this.#ownership().view, this.#suspected);
    if (answerers.some((answerer) => isLeft(present, answerer, hostOf(member)))) take('answers');
    else host.timer(host.localNow + roundMs, () => take(answerers.length > 0 ? 'elsewhere' : 'silent'));
  }

  #heldBy(member: MemberId): readonly SetName[] {
    return setsLeftTo(this.#ownership(), member).slice(0, 2);
  }
}

/** As `Stations.isElsewhere`: any host of the group that is not present; here is no other. */
export function isLeft(present: readonly MemberId[], answerer: string, silent: HostName): boolean {
  return answerer === silent || present.every((other) => hostOf(other) !== answerer);
}
