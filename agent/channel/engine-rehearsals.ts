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

export class EngineRehearsals {
  #left = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #doneAt = Number.NEGATIVE_INFINITY;

  viewInstalled(now: InstantMs): void {
    this.#left = rehearsalsPerView;
    this.#dueAt = now + gapMs;
  }

  /** Called now and then. */
  look(state: MemberState, now: InstantMs): void {
    if (this.#left === 0 || now < this.#dueAt) return;
    this.#dueAt = now + gapMs;
    if (state.suspects.length > 0) return; // not while addresses are missing
    this.#left -= 1;
    const others = state.view?.members.filter((member) => member !== state.options.self) ?? [];
    const other = others[this.#left % Math.max(1, others.length)];
    if (other !== undefined) rehearseLoss(state, [other], now, carry);
  }

  /** It may be a matter of milliseconds now: once more. */
  suspect(state: MemberState, members: readonly MemberId[], now: InstantMs): void {
    if (members.length === 0 || now < this.#doneAt + freshMs) return;
    this.#doneAt = now;
    rehearseLoss(state, members, now, carry);
  }
}

function carry(datagram: LinkDatagram): void {
  decodeFrameBody(encodeFrameBody(datagram));
}
