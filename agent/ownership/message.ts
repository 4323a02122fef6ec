/** What members tell each other about ownership, over whichever engine. Bytes: wire/ownership-message.ts. */
import type { HostName, MemberId, ViewId } from '../membership/view.ts';
import type { Answer, Command } from './command.ts';
import type { ReportedFlap } from './damping.ts';
import type { Freeze } from './freeze.ts';
import type { Grant, SetName } from './grant.ts';
import type { Handover } from './pool.ts';
import type { Reason } from './reason.ts';

export type GrantedSet = { readonly set: SetName; readonly grant: Grant };

/** Why it is there, and for how long it has been when the report was sent: for a coordinator that has just come. */
export type Tenure = { readonly reason: Reason; readonly ageMs: number };

export type HeldSet = GrantedSet & {
  readonly pinned: boolean;
  /** Absent: the holder was not told that it is the owner. */
  readonly tenure?: Tenure | undefined;
};

/** What a member holds and may hold: sent in every new view and whenever it changes. */
export type Report = {
  readonly kind: 'report';
  readonly host: HostName;
  readonly pool: string;
  /**
   * The newest view before this one in which it heard a decision; null: none. Members that share it know each other's grants; what
   * two views granted that have not decided together says nothing about each other.
   */
  readonly side: ViewId | null;
  readonly holds: readonly HeldSet[];
  /** Of those, what its kernel was asked for and does not have yet. */
  readonly claiming: readonly SetName[];
  /** What it was told to remove from its kernel, and has not yet. */
  readonly releasing: readonly SetName[];
  /**
   * The sets its configuration lets it have. null: not told, because everybody it has heard of in the view has the same pool; it says
   * so anew as soon as it hears of another one.
   */
  readonly sets: readonly SetName[] | null;
  /** Sets that it cannot hold now, and why: `interface eth0 is down`. */
  readonly unable: readonly { readonly set: SetName; readonly why: string }[];
  /** Done waiting at a cold start. */
  readonly mature: boolean;
  /** Wants to go: takes nothing, gives all away. */
  readonly leaving: boolean;
  /** Stays, but takes nothing and gives away what others may have. */
  readonly drained: boolean;
  /** Wants to go and leave its addresses where they are. */
  readonly abandoning: boolean;
  readonly freeze: Freeze;
  /** The hosts of which it wants a majority in the view; empty where each side of a cut serves. */
  readonly voters: readonly HostName[];
  /** Penalties it knows of; empty where nothing flaps, or where that does not count. */
  readonly flaps: readonly ReportedFlap[];
  /** What it knows of sets that nobody is to get: a coordinator that has just come cannot know. */
  readonly waiting: readonly Waiting[];
  /** Likewise what is left to silent members, whose hosts answer. */
  readonly left: readonly LeftSet[];
};

/** A set that waits for a host: because the group is frozen, or because the host has abandoned it. */
export type Waiting = {
  readonly set: SetName;
  readonly host: HostName;
  readonly why: 'frozen' | 'abandoned' | 'answering';
  /** Where its host answers. */
  readonly member?: MemberId | undefined;
};

export type LeftSet = { readonly set: SetName; readonly member: MemberId };

export type Assignment = {
  readonly set: SetName;
  /** null: nobody. */
  readonly owner: MemberId | null;
  readonly grant: Grant;
  /** Members that hold it and must give it up: once the owner has claimed it, or before it does. */
  readonly releasing: readonly MemberId[];
  readonly reason: Reason;
  /** An operator put it there: only another command, or the loss of the owner, moves it. */
  readonly pinned: boolean;
  readonly handover: Handover;
  /** How long it has been so, when the decision was sent. */
  readonly ageMs: number;
};

/** The coordinator's whole picture; replaces the one before. */
export type Decision = {
  readonly kind: 'decision';
  /** From 1 up in each view. */
  readonly n: number;
  readonly assignments: readonly Assignment[];
  /** To the commands that were asked for in this view. */
  readonly answers: readonly Answer[];
  readonly freeze: Freeze;
};

export type Message =
  | Report
  | Decision
  /** The sender has the addresses in its kernel, and has announced them. */
  | { readonly kind: 'claimed'; readonly sets: readonly GrantedSet[] }
  /** The sender does not have them (any more), knowing of the grant. */
  | { readonly kind: 'released'; readonly sets: readonly GrantedSet[] }
  | { readonly kind: 'request'; readonly id: number; readonly command: Command };
