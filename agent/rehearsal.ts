/**
 * A takeover in thought. What the loss of a member would lead to is worked out and thrown away: code that has not run yet is not compiled, and
 * what has not run for long has left the caches; it takes several times as long when addresses are missing.
 */
import type { InstantMs, MemberId, View } from './membership/view.ts';
import type { Message } from './ownership/message.ts';
import type { OwnershipEvent, OwnershipState } from './ownership/state.ts';
import { begin, conclude } from './ownership/step.ts';
import type { Clock } from './system/clock.ts';
import { decodeOwnershipMessage, encodeOwnershipMessage } from './wire/ownership-message.ts';

export type RehearsalOptions = {
  readonly clock: Clock;
  readonly state: () => OwnershipState;
  /** Not while addresses are missing. */
  readonly isAtRest: () => boolean;
};

/** After a view, a few milliseconds each, until it is compiled: at the first one it takes ten times as long as at the last. */
const rehearsalsPerView = 6;
/** Between two of them, and before the first: a takeover is over by then. */
const gapMs = 200;
/** What ran so lately is quick still. */
const freshMs = 1_000;
/** With more sets it would take a part of the patience itself. */
const setsMaxInSuspicion = 256;
/** At rest it keeps the main loop for some ten milliseconds then. */
const setsMax = 2_048;
/** Of one rehearsal: a view, a decision and what answers it are a dozen. */
const eventsMax = 64;

export class Rehearsals {
  readonly #options: RehearsalOptions;
  #cancel: () => void = () => {};
  #doneAt = Number.NEGATIVE_INFINITY;

  constructor(options: RehearsalOptions) {
    this.#options = options;
  }

  /** For the next loss; the one that led to this view is being dealt with. */
  viewInstalled(): void {
    this.#after(rehearsalsPerView);
  }

  /** It may be a matter of milliseconds now: once more. */
  suspect(members: readonly MemberId[]): void {
    const { clock, state } = this.#options;
    const now = clock.now();
    if (members.length === 0 || now < this.#doneAt + freshMs) return;
    this.#doneAt = now;
    const known = state();
    if (known.pool.sets.length <= setsMaxInSuspicion) rehearseLoss(known, members, now);
  }

  close(): void {
    this.#cancel();
  }

  #after(times: number): void {
    const { clock, state, isAtRest } = this.#options;
    this.#cancel();
    this.#cancel = clock.after(gapMs, () => {
      if (isAtRest()) rehearseOther(state(), clock.now());
      if (times > 1) this.#after(times - 1);
    });
  }
}

function rehearseOther(state: OwnershipState, now: InstantMs): void {
  const other = state.view?.members.findLast((member) => member !== state.self);
  if (other !== undefined) rehearseLoss(state, [other], now);
}

/** @returns how many claims it came to */
export function rehearseLoss(state: OwnershipState, lost: readonly MemberId[], now: InstantMs): number {
  const view = state.view === null ? null : viewWithout(state.self, state.view, lost);
  if (view === null || state.pool.sets.length > setsMax) return 0;
  try {
    return claimsIn(state, view, now);
  } catch {
    return 0; // what cannot be in thought is no defect of what is
  }
}

/** With this member first, so that it decides, whoever else would. */
function viewWithout(self: MemberId, { id, level, members }: View, lost: readonly MemberId[]): View | null {
  const rest = members.filter((member) => member !== self && !lost.includes(member));
  if (rest.length === members.length - 1) return null;
  const left = [self, ...rest];
  return { id: { counter: id.counter + 1, leader: self }, level, members: left, together: left };
}

function claimsIn(before: OwnershipState, view: View, now: InstantMs): number {
  let state = before;
  let claims = 0;
  const events: OwnershipEvent[] = [
    { kind: 'answering', now, members: new Set() }, // the host of nobody answers
    { kind: 'view', now, view },
  ];
  for (let count = 0; count < eventsMax; count += 1) {
    const event = events.shift();
    if (event === undefined) break;
    const begun = begin(state, event);
    const concluded = conclude(state, begun.state, event);
    state = concluded.state;
    for (const effect of [...begun.effects, ...concluded.effects]) {
      if (effect.kind === 'claim') claims += effect.sets.length;
      if (effect.kind === 'send') events.push(...delivered(effect.message, before.self, now));
    }
  }
  return claims;
}

/** As it comes back from the group. A claim is not answered, so that this ends. */
function delivered(message: Message, sender: MemberId, now: InstantMs): readonly OwnershipEvent[] {
  const read = decodeOwnershipMessage(encodeOwnershipMessage(message));
  return read.kind === 'refused' ? [] : [{ kind: 'message', now, sender, message: read }];
}
