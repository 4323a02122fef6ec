/**
 * Ownership's large messages with what repeats written once: a decision about 4,096 sets names few members, grants and reasons,
 * and has to fit into one message of the channel (1 MiB). Still JSON with names for everything, so that a person can read it.
 */
import type { Decision, GrantedSet, HeldSet, Message } from '../ownership/message.ts';
import type { Reason } from '../ownership/reason.ts';

/** What `JSON.stringify` is to be given. */
export function withTables(message: Message): unknown {
  switch (message.kind) {
    case 'decision':
      return decisionWithTables(message);
    case 'report': {
      const grants = new Table();
      const reasons = new Table();
      const holds = message.holds.map((hold) => heldSet(hold, grants, reasons));
      return { ...message, grants: grants.values, reasons: reasons.values, holds };
    }
    case 'claimed':
    case 'released': {
      const grants = new Table();
      const sets = message.sets.map((granted) => grantedSet(granted, grants));
      return { ...message, grants: grants.values, sets };
    }
    case 'request':
      return message;
  }
}

function decisionWithTables(decision: Decision): unknown {
  const [members, grants, reasons] = [new Table(), new Table(), new Table()];
  const assignments = decision.assignments.map(({ set, owner, grant, releasing, reason, pinned, handover, ageMs }) => ({
    set,
    owner: owner === null ? null : members.numberOf(owner),
    grant: grants.numberOf(grant),
    reason: reasons.numberOf(asSaid(reason)),
    ageMs,
    // Left out where they are as they mostly are.
    ...(releasing.length > 0 ? { releasing: releasing.map((member) => members.numberOf(member)) } : {}),
    ...(pinned ? { pinned } : {}),
    ...(handover === 'make-before-break' ? {} : { handover }),
  }));
  return { ...decision, members: members.values, grants: grants.values, reasons: reasons.values, assignments };
}

function heldSet({ set, grant, pinned, tenure }: HeldSet, grants: Table, reasons: Table): unknown {
  const told = tenure && { reason: reasons.numberOf(asSaid(tenure.reason)), ageMs: tenure.ageMs };
  return { set, grant: grants.numberOf(grant), ...(pinned ? { pinned } : {}), ...told };
}

function asSaid(reason: Reason): unknown {
  return reason.kind === 'later' ? reason.said : reason;
}

function grantedSet({ set, grant }: GrantedSet, grants: Table): unknown {
  return { set, grant: grants.numberOf(grant) };
}

/** Values in the order in which they first came; equal ones, as JSON, once. */
class Table {
  readonly values: unknown[] = [];
  readonly #numbers = new Map<unknown, number>();

  numberOf(value: unknown): number {
    const known = this.#numbers.get(value); // the same object or text again: nothing to compare
    if (known !== undefined) return known;
    const text = JSON.stringify(value);
    const number = this.#numbers.get(text) ?? this.values.push(value) - 1;
    this.#numbers.set(text, number);
    this.#numbers.set(value, number);
    return number;
  }
}
