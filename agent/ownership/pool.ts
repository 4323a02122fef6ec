/** What ownership knows of the configuration: the sets, and the hosts that may own them. */
import type { HostName } from '../membership/view.ts';
import type { Damping } from './damping.ts';
import type { SetName } from './grant.ts';

/** Which comes first when a set moves between two live hosts: the claim of the new one, or the release of the old one. */
export type Handover = 'make-before-break' | 'break-before-make';

export type PoolSet = {
  readonly name: SetName;
  /** Hosts that should own it, best first; all others come after, equal among each other. */
  readonly prefer: readonly HostName[];
  /** The only hosts that may own it; null: all. */
  readonly only: readonly HostName[] | null;
  /** Sets with the same word are on different hosts, as far as there are hosts; null: it does not matter. */
  readonly apart: string | null;
  /** How long a better host must have been there before it gets the set back, 0: at once; null: it never does. */
  readonly failbackMs: number | null;
  readonly handover: Handover;
};

export type BalanceMode = {
  readonly mode: 'off' | 'on-demand' | 'auto';
  /** Sets that move in one automatic round at the most. */
  readonly movesMax: number;
  /** From the end of one automatic round to the next, and from a view to its first. */
  readonly everyMs: number;
};

/** `partition = "majority"`: only one side of a cut serves (quorum.ts). */
export type Majority = {
  /** The hosts of the file, witnesses included. */
  readonly hosts: readonly HostName[];
  /** How long the side that goes on waits, from its view, before it claims what a side cut off may still hold. */
  readonly claimDelayMs: number;
};

export type Pool = {
  /** Equal on two agents exactly where the files agree on the pool. */
  readonly version: string;
  /** Sorted by name. */
  readonly sets: readonly PoolSet[];
  /** Share of the load by host, 1..1000; a host that is not listed has `weightDefault`. */
  readonly weights: ReadonlyMap<HostName, number>;
  /** How many hosts the file names: when all are there, a cold start is over. Infinity: there may be others. */
  readonly hostsExpected: number;
  readonly balance: BalanceMode;
  /** Absent: hosts may come and go as they like. */
  readonly damping?: Damping | undefined;
  /** Absent: each side of a cut serves all. */
  readonly majority?: Majority | undefined;
  /** Hosts that count for the majority and own nothing; absent: none. */
  readonly witnesses?: ReadonlySet<HostName> | undefined;
  /** A host that is alone depends on a witness address (isolation.ts); absent: on nothing. */
  readonly witnessAsked?: boolean | undefined;
};

export const weightDefault = 100;

export function namesOf({ sets }: Pool): ReadonlySet<SetName> {
  return new Set(sets.map(({ name }) => name));
}

/** 0 is the most wanted; hosts that the set does not name share the last place. */
export function priorityOf(set: PoolSet, host: HostName): number {
  const index = set.prefer.indexOf(host);
  return index === -1 ? set.prefer.length : index;
}
