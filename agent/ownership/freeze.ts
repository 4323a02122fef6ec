/**
 * Whether the group is frozen. Every member keeps it, on its disk too, so that it outlives each of them; where members
 * disagree the newer word counts.
 */

export type Freeze = {
  readonly frozen: boolean;
  /** How often the group was frozen or thawed: the word with more of them is the newer one. */
  readonly changes: number;
};

export const thawed: Freeze = { frozen: false, changes: 0 };

export function newerFreeze(a: Freeze, b: Freeze): Freeze {
  if (a.changes !== b.changes) return a.changes > b.changes ? a : b;
  return b.frozen && !a.frozen ? b : a; // two sides of a cut said different things: what moves nothing
}

export function setFrozen(freeze: Freeze, frozen: boolean): Freeze {
  return freeze.frozen === frozen ? freeze : { frozen, changes: freeze.changes + 1 };
}

/** What a member keeps over its restart. */
export type Memory = {
  readonly freeze: Freeze;
  /** This host gives all away and takes nothing. */
  readonly drained: boolean;
};

export const noMemory: Memory = { freeze: thawed, drained: false };
