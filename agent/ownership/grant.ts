/** The right to hold a set: a later grant of the same set ends an earlier one. */
import { compareViewIds, type ViewId } from '../membership/view.ts';

export type SetName = string & { readonly __brand: 'SetName' };

export type Grant = {
  /** The view it was decided in. */
  readonly view: ViewId;
  /** Number of the decision in that view, from 1 up. */
  readonly n: number;
};

/** Negative where `a` is the older. */
export function compareGrants(a: Grant, b: Grant): number {
  return compareViewIds(a.view, b.view) || a.n - b.n;
}
