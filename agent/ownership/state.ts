/** What one member knows and does about ownership; the events that change it and the effects that come of it. */
import type { HostName, InstantMs, MemberId, View, ViewId } from '../membership/view.ts';
import type { Command, Request } from './command.ts';
import type { Flaps } from './damping.ts';
import type { Freeze, Memory } from './freeze.ts';
import { adoptedGrant, type Grant, type SetName } from './grant.ts';
import type { WitnessWord } from './isolation.ts';
import type { Assignment, GrantedSet, Message, Report } from './message.ts';
import { namesOf, type Pool } from './pool.ts';
import type { Quorum } from './quorum.ts';
import type { Reason } from './reason.ts';

/** A set this host has, or is getting, or is getting rid of. */
export type Holding = {
  readonly grant: Grant;
  /**
   * claiming: the kernel was asked for it. held: it is there and announced. giving: it is there until the new owner says
   * that it has it too. releasing: the kernel was asked to remove it.
   */
  readonly phase: 'claiming' | 'held' | 'giving' | 'releasing';
};

export type PlacedAssignment = Assignment & { readonly since: InstantMs };

/** A command of this host's operators that is not answered. */
export type PendingCommand = {
  readonly id: number;
  readonly command: Command;
  readonly until: InstantMs;
  /** The moves, once the coordinator has decided; null until then. */
  readonly moves: readonly SetMove[] | null;
};

export type SetMove = {
  readonly set: SetName;
  readonly from: MemberId | null;
  readonly to: MemberId | null;
  readonly reason: Reason;
};

export type OwnershipState = {
  readonly self: MemberId;
  readonly pool: Pool;
  /** Of the pool. */
  readonly setNames: ReadonlySet<SetName>;
  /** When it was read anew, until the coordinator has decided by it, or another view came; null: it was not. */
  readonly poolSince: InstantMs | null;
  /** null before the first view and after the channel was lost. */
  readonly view: View | null;
  /** Before the first view: when what a guard kept has to be gone, as it would be if nobody had taken over from it; null: not by time. */
  readonly adoptedUntil: InstantMs | null;
  /** When the view was installed, or the channel lost. */
  readonly viewSince: InstantMs;
  /** The view before this one. */
  readonly previousView: View | null;
  /** The newest view that each member was in together with this one; bounded (`spared.ts`). */
  readonly wereWith: ReadonlyMap<MemberId, ViewId>;
  /** The newest view before this one in which a decision was delivered; null: none since the start, or since the channel was lost. */
  readonly side: ViewId | null;
  /** Members whose report of this view was heard; of the others there may be one of the view before. */
  readonly reportedAnew: ReadonlySet<MemberId>;
  /** Whether the view has the majority it needs; null: it needs none, or there is no view. */
  readonly quorum: Quorum | null;
  /** Whether a witness address answers this host; `unknown` for ever where none is asked. */
  readonly witness: WitnessWord;
  /** The hosts of the last view with a majority that this member saw decide. */
  readonly lastQuorate: readonly HostName[];
  /** Since when each member of the view has been one together with this member. */
  readonly joined: ReadonlyMap<MemberId, InstantMs>;
  /** Of members of the view: since when they can hold what they could not hold before. */
  readonly recovered: ReadonlyMap<MemberId, ReadonlyMap<SetName, InstantMs>>;
  /** Penalties of hosts that left without a word (damping.ts). */
  readonly flaps: Flaps;
  /** Members that left with a side that is not the smaller one: they count if their hosts are back as another run. */
  readonly missing: ReadonlyMap<HostName, MemberId>;
  /** Members that have said that they will be gone for a restart. */
  readonly restarting: ReadonlySet<MemberId>;
  /** When the next automatic round of balance may begin; null: it is off. */
  readonly balanceAt: InstantMs | null;
  /** When the coordinator has to look again, though nothing happens; null: never. */
  readonly reconsiderAt: InstantMs | null;
  /** The newest report of each member of the view, as far as it came; brought up to date by claimed and released. */
  readonly reports: ReadonlyMap<MemberId, Report>;
  /** The newest decision, of this view or an earlier one. */
  readonly assignments: ReadonlyMap<SetName, PlacedAssignment>;
  /** Number of the newest decision delivered in this view; 0: none yet. */
  readonly decided: number;
  /** Number of the newest decision this member sent in this view; ahead of `decided` while one is under way. */
  readonly proposed: number;
  /** The newest claim of another member that was heard in this view: it may come before the decision it belongs to. */
  readonly claimsHeard: ReadonlyMap<SetName, { readonly member: MemberId; readonly grant: Grant }>;
  /** The newest grant for which each member has said that it does not have the set. */
  readonly releasesHeard: ReadonlyMap<SetName, ReadonlyMap<MemberId, Grant>>;
  readonly holdings: ReadonlyMap<SetName, Holding>;
  /** What this member has released, under which grant: others may not have heard of it. */
  readonly releases: ReadonlyMap<SetName, Grant>;
  /** Facts of this host: why a set cannot be held here. */
  readonly unable: ReadonlyMap<SetName, string>;
  /** Claims that failed here, and until when nothing is tried. */
  readonly failed: ReadonlyMap<SetName, { readonly why: string; readonly until: InstantMs }>;
  /** How often a claim has failed in a row. */
  readonly failures: ReadonlyMap<SetName, number>;
  readonly mature: boolean;
  readonly matureAt: InstantMs;
  /** null: not leaving; else until when the others are waited for. */
  readonly leavingUntil: InstantMs | null;
  readonly left: boolean;
  /** After a stall nothing is claimed or announced until a view comes, or this instant: by then the old view is known to stand. */
  readonly stalledUntil: InstantMs | null;
  /** Members that are silent but whose hosts still answer for what they held: that is not taken over. */
  readonly answering: ReadonlySet<MemberId>;
  /** Members of a view without this one that it stands back for (View.apart). */
  readonly apart: readonly MemberId[];
  /** Those leave to this member what it has (View.spared). */
  readonly spared: boolean;
  readonly pending: readonly PendingCommand[];
  /** Requests of all members that no decision of this view has answered. */
  readonly asked: readonly Request[];
  readonly freeze: Freeze;
  /** This host gives all away and takes nothing. */
  readonly drained: boolean;
  /** This member wants to go and leave its addresses where they are. */
  readonly abandoning: boolean;
};

export type OwnershipEvent = { readonly now: InstantMs } & (
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'message'; readonly sender: MemberId; readonly message: Message }
  | { readonly kind: 'lost' }
  /** This host stood still for longer than the others' patience: they may have taken over what it holds. */
  | { readonly kind: 'stalled' }
  /** The whole truth about silent members whose hosts answer. */
  | { readonly kind: 'answering'; readonly members: ReadonlySet<MemberId> }
  /** It ends without leaving, and comes back as another run. */
  | { readonly kind: 'restarting'; readonly member: MemberId }
  /** `View.apart` or `View.spared` has changed since the view was installed. */
  | { readonly kind: 'apart'; readonly members: readonly MemberId[]; readonly spared?: boolean }
  | { readonly kind: 'witness'; readonly word: WitnessWord }
  /** The whole truth about what this host cannot hold. */
  | { readonly kind: 'unable'; readonly sets: ReadonlyMap<SetName, string> }
  /** The kernel has them, and the first announcement is out. */
  | { readonly kind: 'claimed'; readonly sets: readonly SetName[] }
  | { readonly kind: 'claim-failed'; readonly set: SetName; readonly why: string }
  | { readonly kind: 'released'; readonly sets: readonly SetName[] }
  /** The configuration was read anew. */
  | { readonly kind: 'pool'; readonly pool: Pool }
  | { readonly kind: 'command'; readonly id: number; readonly command: Command }
  | { readonly kind: 'leave' }
  | { readonly kind: 'wakeup' }
);

export type OwnershipEffect =
  | { readonly kind: 'send'; readonly message: Message }
  /** Put the addresses into the kernel, announce them, answer `claimed` or `claim-failed`. */
  | { readonly kind: 'claim'; readonly sets: readonly SetName[] }
  /** Stop announcing, take the addresses out, answer `released`. */
  | { readonly kind: 'release'; readonly sets: readonly SetName[] }
  /** Another has them now: as `release`, but after the packets that were on their way here have been answered. */
  | { readonly kind: 'retire'; readonly sets: readonly SetName[] }
  /** Announce at once and start the repeats anew. */
  | { readonly kind: 'announce'; readonly sets: readonly SetName[] }
  /** Stop announcing; the addresses stay. */
  | { readonly kind: 'hush'; readonly sets: readonly SetName[] }
  | { readonly kind: 'moved'; readonly move: SetMove }
  /** The command is carried out, these moves with it. */
  | { readonly kind: 'done'; readonly id: number; readonly moves: readonly SetMove[] }
  | { readonly kind: 'refused'; readonly id: number; readonly why: string }
  /** To be kept over a restart. */
  | { readonly kind: 'remember'; readonly memory: Memory }
  /** Everything is given away or released: the agent may go. */
  | { readonly kind: 'left' };

/** After a failed claim the set goes to another host; this one offers itself again after that long, doubled each time. */
export const claimRetryMs = 10_000;
export const claimRetryMsMax = 640_000;
/** How long the coordinator waits for the reports of a new view before it decides without those that did not come. */
export const reportPatienceMs = 1_000;
/** How long a command may take before its asker is told what hinders. */
export const commandPatienceMs = 60_000;
/** How long one that leaves waits for the others to take its sets before it releases what is left. */
export const leavePatienceMs = 5_000;

/** After a stall: how long a host that was put out may go without hearing of it. It is told at its first heartbeat. */
export const stallPatienceMs = 1_000;

export type OwnershipOptions = {
  readonly self: MemberId;
  readonly pool: Pool;
  readonly matureMs: number;
  /** Sets that a guard kept in this host's kernel: they stay until the first decision says whose they are. */
  readonly adopted?: readonly SetName[] | undefined;
  readonly adoptedUntil?: InstantMs | null;
  readonly memory: Memory;
  readonly now: InstantMs;
};

export function initialOwnership({
  self,
  pool,
  matureMs,
  adopted = [],
  adoptedUntil = null,
  memory,
  now,
}: OwnershipOptions): OwnershipState {
  return {
    self,
    pool,
    setNames: namesOf(pool),
    poolSince: null,
    view: null,
    adoptedUntil,
    viewSince: now,
    previousView: null,
    wereWith: new Map(),
    side: null,
    reportedAnew: new Set(),
    quorum: null,
    witness: 'unknown',
    lastQuorate: [],
    joined: new Map(),
    recovered: new Map(),
    flaps: new Map(),
    missing: new Map(),
    restarting: new Set(),
    balanceAt: null,
    reconsiderAt: null,
    reports: new Map(),
    assignments: new Map(),
    decided: 0,
    proposed: 0,
    claimsHeard: new Map(),
    releasesHeard: new Map(),
    holdings: new Map(adopted.map((set) => [set, { grant: adoptedGrant(self), phase: 'giving' }])),
    unable: new Map(),
    failed: new Map(),
    releases: new Map(),
    failures: new Map(),
    mature: false,
    matureAt: (now + matureMs) as InstantMs, // later on the same clock
    leavingUntil: null,
    left: false,
    stalledUntil: null,
    answering: new Set(),
    apart: [],
    spared: false,
    pending: [],
    asked: [],
    freeze: memory.freeze,
    drained: memory.drained,
    abandoning: false,
  };
}

/** The same with some fields changed. Written out field by field: see `copyOfState` in membership. */
export function changedState(state: OwnershipState, change: Partial<OwnershipState>): OwnershipState {
  const copy: OwnershipState = {
    self: state.self,
    pool: state.pool,
    setNames: state.setNames,
    poolSince: state.poolSince,
    view: state.view,
    adoptedUntil: state.adoptedUntil,
    viewSince: state.viewSince,
    previousView: state.previousView,
    wereWith: state.wereWith,
    side: state.side,
    reportedAnew: state.reportedAnew,
    quorum: state.quorum,
    witness: state.witness,
    lastQuorate: state.lastQuorate,
    joined: state.joined,
    recovered: state.recovered,
    flaps: state.flaps,
    missing: state.missing,
    restarting: state.restarting,
    balanceAt: state.balanceAt,
    reconsiderAt: state.reconsiderAt,
    reports: state.reports,
    assignments: state.assignments,
    decided: state.decided,
    proposed: state.proposed,
    claimsHeard: state.claimsHeard,
    releasesHeard: state.releasesHeard,
    holdings: state.holdings,
    releases: state.releases,
    unable: state.unable,
    failed: state.failed,
    failures: state.failures,
    mature: state.mature,
    matureAt: state.matureAt,
    leavingUntil: state.leavingUntil,
    left: state.left,
    stalledUntil: state.stalledUntil,
    answering: state.answering,
    apart: state.apart,
    spared: state.spared,
    pending: state.pending,
    asked: state.asked,
    freeze: state.freeze,
    drained: state.drained,
    abandoning: state.abandoning,
  };
  return Object.assign(copy, change);
}

/** Written out: see `changedState`. */
export function placed(assignment: Assignment, since: InstantMs): PlacedAssignment {
  const { set, owner, grant, releasing, reason, pinned, handover, ageMs } = assignment;
  return { set, owner, grant, releasing, reason, pinned, handover, ageMs, since };
}

/** Keeps `OwnershipState` small to write: what a part of the step gives back. */
export type Step = { readonly state: OwnershipState; readonly effects: readonly OwnershipEffect[] };

export function granted(set: SetName, { grant }: Holding): GrantedSet {
  return { set, grant };
}
