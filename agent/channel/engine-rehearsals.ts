/** When the engine rehearses the loss of a member, on its own thread: after each view, until what it takes is compiled, and at a suspicion. */
import type { MemberState } from '../membership/member-state.ts';
import type { LinkDatagram } from '../membership/message.ts';
import { rehearseLoss } from '../membership/rehearsal.ts';
import type { InstantMs, MemberId } from '../membership/view.ts';
import { decodeFrameBody, encodeFrameBody } from '../wire/frame-body.ts';

/** Each member is lost in turn, so that this one leads and follows. */
const rehearsalsPerView = 12;
/** Between two of them, and before the first: an agreement that led to the view is over by then. */
const gapMs = 150;
/** What ran so lately is quick still. */
const freshMs = 1_000;
/** After a suspicion: the main thread, which may want the same CPU, has sent its question by then. */
const askMs = 2;

export class EngineRehearsals {
  readonly #state: () => MemberState;
  readonly #now: () => InstantMs;
  #left = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: () => MemberState, now: () => InstantMs) {
    this.#state = state;
    this.#now = now;
  }

  viewInstalled(): void {
    this.#left = rehearsalsPerView;
    this.#dueAt = this.#now() + gapMs;
  }

  /** Called now and then. */
  look(): void {
    const now = this.#now();
    if (this.#left === 0 || now < this.#dueAt) return;
    this.#dueAt = now + gapMs;
    const state = this.#state();
    if (state.suspects.length > 0) return; // not while addresses are missing
    this.#left -= 1;
    const others = state.view?.members.filter((member) => member !== state.options.self) ?? [];
    const other = others[this.#left % Math.max(1, others.length)];
    if (other !== undefined) rehearseLoss(state, [other], now, carry);
  }

  /** It may be a matter of milliseconds now: once more. */
  suspect(members: readonly MemberId[]): void {
    const now = this.#now();
    if (members.length === 0 || now < this.#suspectedAt + freshMs) return;
    this.#suspectedAt = now;
    this.#timer = setTimeout(() => {
      const state = this.#state();
      if (state.agreement.kind === 'idle') rehearseLoss(state, members, this.#now(), carry);
    }, askMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

function carry(datagram: LinkDatagram): void {
  decodeFrameBody(encodeFrameBody(datagram));
}
