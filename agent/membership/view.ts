/** The words every layer shares: who a member is, and what a view is (DESIGN: extended virtual synchrony). */

/** One run of an agent on one host: `<host>/<incarnation>`, 32 hex digits of incarnation. Sorts by host, then by run. */
export type MemberId = string & { readonly __brand: 'MemberId' };

/** The name of a host, unique in its group. */
export type HostName = string & { readonly __brand: 'HostName' };

/** Milliseconds on the agent's monotonic clock; comparable only within one run. */
export type InstantMs = number & { readonly __brand: 'InstantMs' };

/** Ids of views only grow; `leader` tells apart the views that two sides of a cut agree on at once. */
export type ViewId = {
  /** Whole number from 1 up. */
  readonly counter: number;
  /** The member that led the agreement. */
  readonly leader: MemberId;
};

/** An agreed, ordered list of members. All who install a view install the same one. */
export type View = {
  readonly id: ViewId;
  /**
   * The feature level, from 1 up: the lowest of its members' protocol versions, agreed as they are. What a later version brings is
   * used only in a view of its level.
   */
  readonly level: number;
  /** In the agreed order; never empty; contains the member that installs it. */
  readonly members: readonly MemberId[];
  /** Those of `members` that came from this member's previous view together with it (itself included). */
  readonly together: readonly MemberId[];
  /**
   * Members of another view that are heard, do not take this one in, and go before it: while there are any, this member is to hold
   * nothing. Later changes are told by the engine's `apart`. Absent where the engine cannot tell.
   */
  readonly apart?: readonly MemberId[];
  /** Whether the first member of each view of those says that it leaves to this member what it has. Absent: no. */
  readonly spared?: boolean;
};

/** Negative where `a` is the older. */
export function compareViewIds(a: ViewId, b: ViewId): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.leader < b.leader ? -1 : a.leader > b.leader ? 1 : 0;
}

export function later(now: InstantMs, ms: number): InstantMs {
  return (now + ms) as InstantMs; // an instant plus milliseconds is one
}

export function hostOf(member: MemberId): HostName {
  return partsOf(member).host;
}

/** The same strings for the same member, so that V8 need not look at what is in them to tell that they are equal. */
export function partsOf(member: MemberId): Parts {
  const parts = known.get(member);
  if (parts !== undefined) return parts;
  if (known.size === knownMax) known.clear();
  const slash = member.lastIndexOf('/'); // the format of MemberId is fixed by memberId()
  const split: Parts = { host: member.slice(0, slash) as HostName, incarnation: member.slice(slash + 1) };
  known.set(member, split);
  return split;
}

type Parts = { readonly host: HostName; readonly incarnation: string };

/** A memory of `partsOf`, which says the same with and without it. */
const known = new Map<MemberId, Parts>();
const knownMax = 1_024;

/** @param incarnation 32 lower-case hex digits, random for every run of the agent */
export function memberId(host: HostName, incarnation: string): MemberId {
  return `${host}/${incarnation}` as MemberId; // the one place that makes one from its parts
}
