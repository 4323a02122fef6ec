/** Drives the ownership step: events in, one timer, effects carried out. */
import type { InstantMs } from './membership/view.ts';
import type { Memory } from './ownership/freeze.ts';
import type { SetName } from './ownership/grant.ts';
import type { Message } from './ownership/message.ts';
import {
  initialOwnership,
  type OwnershipEffect,
  type OwnershipEvent,
  type OwnershipOptions,
  type OwnershipState,
  type SetMove,
} from './ownership/state.ts';
import { begin, conclude, nextWakeup } from './ownership/step.ts';
import { systemClock } from './system/clock.ts';

/** Without `now`: the driver has the clock. */
export type Occurrence = OwnershipEvent extends infer E
  ? E extends { now: InstantMs }
    ? Omit<E, 'now'>
    : never
  : never;

/** What the effects are carried out with. */
export type Hands = {
  /** Of one event, or of more that came before the next turn of the loop; at least one. */
  send(messages: readonly Message[]): void;
  claim(sets: readonly SetName[]): void;
  release(sets: readonly SetName[]): void;
  retire(sets: readonly SetName[]): void;
  announce(sets: readonly SetName[]): void;
  hush(sets: readonly SetName[]): void;
  /** Of one decision, after everything else of it is under way. */
  moved(moves: readonly SetMove[]): void;
  done(id: number, moves: readonly SetMove[]): void;
  refused(id: number, why: string): void;
  remember(memory: Memory): void;
  left(): void;
};

export class OwnershipDriver {
  readonly #hands: Hands;
  #state: OwnershipState;
  #timer: NodeJS.Timeout | undefined;
  readonly #queue: Occurrence[] = []; // UNBOUNDED: emptied before dispatch() returns; effects add a few at the most
  #stepping = false;
  /** A step whose first half is carried out. */
  #begun: { readonly before: OwnershipState; readonly event: OwnershipEvent } | null = null;
  /** Of that step: to tell of them takes longer than to begin. */
  readonly #moves: SetMove[] = [];
  /** What goes to the group: to wake the engine's thread for each would take the CPU from what there is still to do here. */
  readonly #outgoing: Message[] = [];
  #stopped = false;
  /** Called after every event, when the effects are under way. */
  onStep: () => void = () => {};
  /** Called when what a decision asks of this host is done, as far as it hurries: what is to be claimed is in the kernel and announced. */
  onDecided: () => void = () => {};

  constructor(options: Omit<OwnershipOptions, 'now'>, hands: Hands) {
    this.#state = initialOwnership({ ...options, now: systemClock.now() });
    this.#hands = hands;
  }

  get state(): OwnershipState {
    return this.#state;
  }

  dispatch(occurrence: Occurrence): void {
    if (this.#stopped) return;
    this.#queue.push(occurrence);
    if (this.#stepping) return; // an effect led to it: after the others of its step
    this.#work();
  }

  /** Nothing is acted on any more: what is released at the end would be claimed again by the decision still in force. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #work(): void {
    this.#stepping = true;
    try {
      this.#conclude();
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#begin(next);
    } finally {
      this.#stepping = false;
    }
    const messages = this.#outgoing.splice(0);
    if (messages.length > 0) this.#hands.send(messages);
    if (this.#begun === null) {
      this.#arm();
      this.onStep();
    } else
      setImmediate(() => {
        if (this.#begun !== null && !this.#stopped) this.#work();
      });
  }

  /** What is claimed goes into the kernel and is announced in this turn of the loop; what does not hurry comes after that, or before the next event. */
  #begin(occurrence: Occurrence): void {
    this.#conclude(); // the one before
    const event = { ...occurrence, now: systemClock.now() } as OwnershipEvent; // the same kind, completed
    const before = this.#state;
    const { state, effects } = begin(before, event);
    this.#state = state;
    this.#begun = { before, event };
    this.#carryOut(effects);
    const claims = effects.some(({ kind }) => kind === 'claim');
    const asksNothing = !claims && event.kind === 'message' && event.message.kind === 'decision';
    if (asksNothing || event.kind === 'claimed') this.onDecided();
    if (!claims) this.#conclude();
  }

  #conclude(): void {
    if (this.#begun === null) return;
    const { before, event } = this.#begun;
    this.#begun = null;
    const { state, effects } = conclude(before, this.#state, event);
    this.#state = state;
    this.#carryOut(effects);
    const moves = this.#moves.splice(0);
    if (moves.length > 0) this.#hands.moved(moves);
  }

  #carryOut(effects: readonly OwnershipEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          this.#outgoing.push(effect.message);
          break;
        case 'claim':
        case 'release':
        case 'retire':
        case 'announce':
        case 'hush':
          this.#hands[effect.kind](effect.sets);
          break;
        case 'moved':
          this.#moves.push(effect.move);
          break;
        case 'done':
          this.#hands.done(effect.id, effect.moves);
          break;
        case 'refused':
          this.#hands.refused(effect.id, effect.why);
          break;
        case 'remember':
          this.#hands.remember(effect.memory);
          break;
        case 'left':
          this.#hands.left();
          break;
      }
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const at = nextWakeup(this.#state);
    if (at === null) return;
    const delayMs = Math.max(0, Math.ceil(at - systemClock.now()));
    this.#timer = setTimeout(() => this.dispatch({ kind: 'wakeup' }), delayMs);
  }
}
