/** What goes over the control socket: one JSON object a line each way, answered in the order asked. */
import type { ChannelStatus, PathStatus } from '../channel/channel.ts';

export type ControlRequest =
  | { readonly kind: 'status' }
  /** Answered when the moves are done, or with an error that says what hinders; so are those that follow. */
  | { readonly kind: 'balance' }
  | { readonly kind: 'move'; readonly set: string; readonly host: string }
  | { readonly kind: 'unpin'; readonly set: string }
  /** null: this host. */
  | { readonly kind: 'drain'; readonly host: string | null }
  | { readonly kind: 'undrain'; readonly host: string | null }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'thaw' }
  /** The agent ends after its answer; its addresses stay in the kernel. */
  | { readonly kind: 'abandon' }
  /** The agent ends after its answer; its guard keeps the addresses until the next one runs, for so long at most. */
  | { readonly kind: 'restart'; readonly keepSeconds: number }
  /** Reads the configuration and the keys anew; where anything is wrong, nothing changes. */
  | { readonly kind: 'reload' }
  /** Announces again what this host holds: the sets named, or all. */
  | { readonly kind: 'announce'; readonly sets: readonly string[] };

export type ControlReply =
  | { readonly ok: true; readonly kind: 'status'; readonly status: Status }
  | CommandReply
  | { readonly ok: true; readonly kind: 'announce'; readonly sets: readonly string[] }
  | ReloadReply
  | RestartReply
  | { readonly ok: false; readonly error: string };

export type ReloadReply = {
  readonly ok: true;
  readonly kind: 'reload';
  readonly keys: number;
  /** Of the key that seals, to compare hosts by: 8 hex digits, no part of it. */
  readonly sealing: string;
  readonly changed: boolean;
  /** What is another one than before, one line each, at most 100. */
  readonly changes: readonly string[];
  /** Addresses that sets which are held here should have and could not get, or should not have and the kernel does not let go. */
  readonly failures: readonly string[];
};

/** What the guard keeps meanwhile. */
export type RestartReply = {
  readonly ok: true;
  readonly kind: 'restart';
  readonly pid: number;
  readonly sets: readonly string[];
};

export type CommandRequest = Extract<
  ControlRequest,
  { readonly kind: 'balance' | 'move' | 'unpin' | 'drain' | 'undrain' | 'freeze' | 'thaw' | 'abandon' }
>;

/** What moved, for the commands that move sets of themselves; empty for the others. */
export type CommandReply = {
  readonly ok: true;
  readonly kind: CommandRequest['kind'];
  readonly moves: readonly Move[];
};

export type Move = { readonly set: string; readonly from: string | null; readonly to: string; readonly reason: string };

/** Machine-readable as it stands (`status --json`); fields are only ever added. Instants are ISO 8601 in UTC. */
export type Status = {
  readonly version: string;
  readonly group: string;
  readonly host: string;
  readonly member: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly poolVersion: string;
  /** starting: not mature yet; settled; moving: a decision is being carried out; leaving; lost: no channel. */
  readonly state: 'starting' | 'settled' | 'moving' | 'leaving' | 'lost';
  /** `holdfast freeze`: nothing moves in the group until it is thawed. */
  readonly frozen: boolean;
  readonly view: {
    /** `<counter>.<leader's host>` */
    readonly id: string;
    readonly since: string;
    readonly coordinator: string;
    /** What all of its members can do: the lowest of their levels. */
    readonly level: number;
  } | null;
  /** `partition = "majority"`: hosts that count, in the view and in all; null: each side of a cut serves, or there is no view. */
  readonly quorum: { readonly present: number; readonly voters: number; readonly needed: number } | null;
  /** `witness_addresses`: this host hears no other and none of them answers, so that it holds nothing. */
  readonly isolated: boolean;
  readonly sets: readonly SetStatus[];
  readonly members: readonly MemberStatus[];
  readonly channel: ChannelStatus;
  /** Messages of members that this version does not understand, by named reason, and the host that sent the newest of each. */
  readonly passedOver: {
    readonly counts: Readonly<Record<string, number>>;
    readonly from: Readonly<Record<string, string>>;
  };
  /** Hosts that members talk with, who are told one by one when a set is taken over. */
  readonly neighbours: number;
  /** Newest last, at most 50: what moved, why, when. */
  readonly events: readonly StatusEvent[];
};

export type SetStatus = {
  readonly name: string;
  /** `address/prefix` */
  readonly addresses: readonly string[];
  readonly interfaces: readonly string[];
  readonly owner: string | null;
  readonly since: string | null;
  /** Why this owner, or why nobody. */
  readonly reason: string;
  /** What this host's kernel has of it. */
  readonly here: 'none' | 'claiming' | 'held' | 'releasing' | 'failed';
  /** Hosts that were reported to hold it, the owner included; more than one only while it moves. */
  readonly heldBy: readonly string[];
  /** Hosts that are getting it: their kernels were asked, other stations too where nobody had it. */
  readonly claimedBy: readonly string[];
  /** A host that is silent but still answers for it: it has it, as far as anybody can tell. */
  readonly answeredBy: string | null;
  readonly problem: string | null;
  /** A station outside of the group has or claims an address of it, as this host knows: it is `conflicted`. Null when that is over. */
  readonly conflict: {
    /** Without a prefix length. */
    readonly address: string;
    readonly mac: string;
    readonly since: string;
  } | null;
  /** `holdfast move` put it there. */
  readonly pinned: boolean;
};

export type MemberStatus = {
  readonly host: string;
  readonly member: string | null;
  /** member: in the view. absent: in the file and not heard. Else as the channel sees it. */
  readonly state: 'member' | 'joining' | 'one-way' | 'silent' | 'absent' | 'leaving';
  readonly coordinator: boolean;
  /** The highest that it speaks, in the view or not; null: not heard. Above the view's where others are to be upgraded yet. */
  readonly level: number | null;
  /** `holdfast drain`: gives all away, takes nothing. */
  readonly drained: boolean;
  /** Counts for the majority, owns nothing. */
  readonly witness: boolean;
  /** What leaving without a word has earned it; null: nothing that counts. */
  readonly damping: {
    /** Decays by itself; each departure adds 1000. */
    readonly penalty: number;
    /** Until then it gets no sets that another may have; null: it gets them. */
    readonly until: string | null;
  } | null;
  readonly sets: number;
  readonly paths: readonly PathStatus[];
};

export type StatusEvent = { readonly at: string; readonly text: string };
