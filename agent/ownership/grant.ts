/** The right to hold a set: a later grant of the same set ends an earlier one. */
import { compareViewIds, type MemberId, type ViewId } from '../membership/view.ts';

export type SetName = string & { readonly __brand: 'SetName' };

export type Grant = {
  /** The view it was decided in. */
  readonly view: ViewId;
  /** Number of the decision in that view, from 1 up. */
  readonly n: number;
};

/** Of what an agent found in its kernel, kept there by the guard of the one before it: older than every decision. */
export function adoptedGrant(self: MemberId): Grant {
  return { view: { counter: 0, leader: self }, n: 0 };
}

export function isAdopted(grant: Grant): boolean {
  return grant.n === 0;
}

/** Negative where `a` is the older. */
export function compareGrants(a: Grant, b: Grant): number {
  return compareViewIds(a.view, b.view) || a.n - b.n;
}
