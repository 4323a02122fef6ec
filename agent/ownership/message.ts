/** What members tell each other about ownership, over whichever engine. Bytes: wire/ownership-message.ts. */
import type { HostName, MemberId, ViewId } from '../membership/view.ts';
import type { Grant, SetName } from './grant.ts';
import type { Reason } from './reason.ts';

export type GrantedSet = { readonly set: SetName; readonly grant: Grant };

/** What a member holds and may hold: sent in every new view and whenever it changes. */
export type Report = {
  readonly kind: 'report';
  readonly host: HostName;
  readonly pool: string;
  /** The view it came from; null: its first. */
  readonly previous: { readonly id: ViewId; readonly size: number } | null;
  readonly holds: readonly GrantedSet[];
  /** The sets its configuration has. */
  readonly sets: readonly SetName[];
  /** Those of `sets` that it cannot hold now, and why: `interface eth0 is down`. */
  readonly unable: readonly { readonly set: SetName; readonly why: string }[];
  /** Done waiting at a cold start. */
  readonly mature: boolean;
  /** Wants to go: takes nothing, gives all away. */
  readonly leaving: boolean;
};

export type Assignment = {
  readonly set: SetName;
  /** null: nobody. */
  readonly owner: MemberId | null;
  readonly grant: Grant;
  /** Members that hold it and must give it up once the owner has claimed it. */
  readonly releasing: readonly MemberId[];
  readonly reason: Reason;
  /** How long it has been so, when the decision was sent. */
  readonly ageMs: number;
};

/** The coordinator's whole picture; replaces the one before. */
export type Decision = {
  readonly kind: 'decision';
  /** From 1 up in each view. */
  readonly n: number;
  readonly assignments: readonly Assignment[];
  /** The balance requests that this decision carries out. */
  readonly answers: readonly Request[];
};

export type Request = { readonly asker: MemberId; readonly id: number };

export type Message =
  | Report
  | Decision
  /** The sender has the addresses in its kernel, and has announced them. */
  | { readonly kind: 'claimed'; readonly sets: readonly GrantedSet[] }
  /** The sender has them no longer. */
  | { readonly kind: 'released'; readonly sets: readonly SetName[] }
  | { readonly kind: 'balance'; readonly id: number };
