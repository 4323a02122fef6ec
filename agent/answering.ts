/** Which silent members are asked for, and whose hosts answer. How one is asked, and in whose time, is for whoever asks. */
import { sameList } from './membership/identity.ts';
import type { MemberId } from './membership/view.ts';

export type AnsweringOptions = {
  /** Begins to ask for a member. @param heard taken for answering before it is asked @returns how to stop */
  readonly watch: (member: MemberId, heard: boolean) => () => void;
  /** The whole truth, whenever it changes: who answers, or has not been asked to the end. */
  readonly onChange: (answering: ReadonlySet<MemberId>) => void;
};

export class Answering {
  readonly #options: AnsweringOptions;
  /** Who is asked for, and how to stop asking. */
  readonly #watches = new Map<MemberId, () => void>();
  #suspected: readonly MemberId[] = [];
  #inherited: readonly MemberId[] = [];
  #answering: ReadonlySet<MemberId> = new Set();
  #closed = false;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  /**
   * @param members all that are suspected now
   * @param heard those of them that are there, as far as one can know: taken for answering before they are asked
   */
  suspect(members: readonly MemberId[], heard: readonly MemberId[]): void {
    this.#suspected = members;
    this.#watchAll(heard);
  }

  /** @param members all that fell silent before this one came, and to whom others left what they have because they answered */
  inherit(members: readonly MemberId[]): void {
    if (sameList(members, this.#inherited)) return;
    this.#inherited = members;
    this.#watchAll(members);
  }

  /** Of one that is asked for. */
  note(member: MemberId, answers: boolean): void {
    if (this.#answering.has(member) === answers) return;
    const answering = new Set(this.#answering);
    if (answers) answering.add(member);
    else answering.delete(member);
    this.#answering = answering;
    this.#options.onChange(answering);
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
      this.note(member, false);
    }
    for (const member of members) {
      if (!this.#watches.has(member)) this.#watches.set(member, this.#options.watch(member, heard.includes(member)));
    }
  }
}
