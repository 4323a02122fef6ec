/** Who runs: the incarnation part of a member id, which is also the challenge that makes an answer fresh. */
import type { MemberId, ViewId } from './view.ts';
import { compareViewIds, partsOf } from './view.ts';

/** 32 lower-case hex digits, random for every run of the agent. */
export type Incarnation = string & { readonly __brand: 'Incarnation' };

export function incarnationOf(member: MemberId): Incarnation {
  return partsOf(member).incarnation as Incarnation; // the format of MemberId is fixed by memberId()
}

/** `null` is older than every view. */
export function compareMaybeViewIds(a: ViewId | null, b: ViewId | null): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return compareViewIds(a, b);
}

export function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}
