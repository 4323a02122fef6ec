/** The state of one member, what it is told (events) and what it wants done (effects). */
import type { Superior } from './apart.ts';
import type { Hearing } from './hearing.ts';
import type { Incarnation } from './identity.ts';
import { incarnationOf } from './identity.ts';
import type { Heartbeat, LinkDatagram, MessageCodec, Recalled } from './message.ts';
import type { Peer, Route } from './peer.ts';
import { type RandomState, seedRandom } from './random.ts';
import {
  compareViewIds,
  type HostName,
  hostOf,
  type InstantMs,
  later,
  type MemberId,
  type View,
  type ViewId,
} from './view.ts';

export type MemberOptions = {
  readonly self: MemberId;
  /** The highest that this program speaks. */
  readonly level: number;
  /** Mean time between heartbeats is 7/8 of this: jittered down by 0-25 % (RFC 5880 §6.8.7). */
  readonly heartbeatMs: number;
  /** How long a member may be silent, at least; never under two of its own intervals. */
  readonly detectMs: number;
  /** The hosts that make waiting at a start pointless once all are heard; this one included. */
  readonly expectedHosts: readonly HostName[];
  /** Hosts that fall silent are asked before anything is taken over from them: what one had is left to it until `spare` says otherwise. */
  readonly asksFirst?: boolean;
  readonly codec: MessageCodec;
  /** Any 32-bit integer. */
  readonly seed: number;
};

/** Where this member stands in an agreement. */
export type Agreement =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'leading';
      readonly ballot: ViewId;
      readonly members: readonly MemberId[];
      readonly since: InstantMs;
      /** In the order they came; the own one first. */
      readonly promises: readonly Promised[];
      readonly recalls: readonly Recall[];
    }
  | {
      readonly kind: 'awaiting';
      readonly ballot: ViewId;
      readonly since: InstantMs;
      readonly catchUp: readonly Recalled[];
    };

export type Promised = {
  readonly member: MemberId;
  readonly level: number;
  readonly former: ViewId | null;
  readonly formerMembers: readonly MemberId[];
  readonly delivered: readonly number[];
};

export type Recall = Recalled & { readonly from: MemberId };

/** A message of the installed view that some member may not have delivered yet. */
export type Kept = { readonly number: number; readonly payload: Uint8Array };

/** Delivery in the installed view; lists go by its order. */
export type Delivery = {
  readonly delivered: readonly number[];
  readonly kept: readonly (readonly Kept[])[];
  /** Of own messages in `kept`. */
  readonly ownKeptBytes: number;
  /** Own payloads that wait until earlier ones are stable. */
  readonly outbox: readonly Uint8Array[];
  readonly outboxBytes: number;
};

/** A message of a view that is yet to be installed here. */
export type Early = {
  readonly sender: MemberId;
  readonly view: ViewId;
  readonly number: number;
  readonly payload: Uint8Array;
};

export type MemberState = {
  readonly options: MemberOptions;
  readonly incarnation: Incarnation;
  readonly host: HostName;
  readonly random: RandomState;
  /** Sorted by member. */
  readonly peers: readonly Peer[];
  readonly view: View | null;
  /** Highest ballot promised, to oneself or to another; never below the view's id. */
  readonly promised: ViewId | null;
  /** Counter of the highest ballot that others named when they refused. */
  readonly ballotFloor: number;
  readonly agreement: Agreement;
  readonly delivery: Delivery;
  readonly early: readonly Early[];
  /** At a start others are listened to until then. */
  readonly listenUntil: InstantMs;
  /** Members that missed a heartbeat or are left out, as it was told last; in the order of `peers`. */
  readonly suspects: readonly MemberId[];
  /** Members of the view that cannot go on in it, in its order. */
  readonly leftOut: readonly MemberId[];
  /** Those to stand back for, sorted by member. */
  readonly superiors: readonly Superior[];
  /** As it was told last. */
  readonly apart: readonly MemberId[];
  /** Whether those leave to this member what it has, as it was told last. */
  readonly spared: boolean;
  /** Silent members whose hosts answer, as the shell has found: the heartbeats say so. */
  readonly spares: readonly Incarnation[];
  /** As well, because no view without them has decided yet: members about to be lost, and those of the last views; sorted. */
  readonly undecided: readonly Incarnation[];
  /** What waits for an answer in the view, and from which heartbeat on it is asked. */
  readonly asking: { readonly question: number; readonly number: number } | null;
  /** Since when the installed view does not stand any more; `null` while it does. */
  readonly brokenSince: InstantMs | null;
  /** When it last told that members of the installed view moved on without this one, or may have. */
  readonly toldOutAt: InstantMs | null;
  /** After a refusal no new attempt before this. */
  readonly retryAt: InstantMs;
  readonly refusals: number;
  /** When to look again although nothing happened. */
  readonly reconsiderAt: InstantMs | null;
  readonly heartbeatAt: InstantMs;
  readonly heartbeatSentAt: InstantMs | null;
  /** The next heartbeat does not wait for its turn. */
  readonly hurries: boolean;
  /** How many did not; less one for each that did. */
  readonly hurried: number;
  /** Heartbeats sent so far, to all or to one. */
  readonly heartbeats: number;
  /** The last of them. */
  readonly said: Heartbeat | null;
  /** In no view and in no agreement until it is resumed; the heartbeats say so. */
  readonly suspended: boolean;
  /** Saying goodbye, until everybody acknowledged or this instant. */
  readonly leaveUntil: InstantMs | null;
  /** Nothing happens any more: it left or was refused. */
  readonly ended: boolean;
  /** As it was found last. */
  readonly hearing: Hearing | null;
  /** The earliest deadline, worked out at the end of every step. */
  readonly wakeAt: InstantMs | null;
};

export type MemberEvent =
  /** The deadline of `nextWakeup` passed. */
  | { readonly kind: 'wakeup'; readonly now: InstantMs }
  | { readonly kind: 'heartbeat'; readonly now: InstantMs; readonly heartbeat: Heartbeat; readonly route: Route }
  | {
      readonly kind: 'datagram';
      readonly now: InstantMs;
      readonly from: Incarnation;
      readonly datagram: LinkDatagram;
      readonly route: Route;
    }
  /** The guard of that one's host says that it is dead. */
  | { readonly kind: 'obituary'; readonly now: InstantMs; readonly from: Incarnation }
  /** Dropped where `view` is not the installed one any more: it was said in another. */
  | { readonly kind: 'send'; readonly now: InstantMs; readonly view: ViewId; readonly payload: Uint8Array }
  /** What this member stands for does not run: it takes itself out, for the time being. */
  | { readonly kind: 'suspend'; readonly now: InstantMs }
  | { readonly kind: 'resume'; readonly now: InstantMs }
  /** All silent members to whom is left what they held, as decided in that view. Dropped where another one is installed by now. */
  | { readonly kind: 'spare'; readonly now: InstantMs; readonly view: ViewId; readonly members: readonly MemberId[] }
  /** Whether the view stands: the others are asked until one answers (`confirmed`). A later question stands for those before. */
  | { readonly kind: 'ask'; readonly now: InstantMs; readonly question: number }
  | { readonly kind: 'leave'; readonly now: InstantMs };

export type MemberEffect =
  /** On every path, to everybody that may be there. */
  | { readonly kind: 'broadcast-heartbeat'; readonly heartbeat: Heartbeat }
  /** An answer that does not wait for the next heartbeat. */
  | { readonly kind: 'send-heartbeat'; readonly heartbeat: Heartbeat; readonly route: Route }
  | { readonly kind: 'send-datagram'; readonly datagram: LinkDatagram; readonly route: Route }
  /** This process stood still for longer than its patience, or was suspended, or hears that the others have gone on without it. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'view'; readonly view: View }
  /** `View.apart` or `View.spared` has changed since the view, or since the last time one of them did. */
  | { readonly kind: 'apart'; readonly members: readonly MemberId[]; readonly spared: boolean }
  /**
   * All members that missed a heartbeat, or are left out, and are neither in its view again nor known to be dead; whenever
   * that changes. `heard`: those of them that are there, for all that is known.
   */
  | { readonly kind: 'suspects'; readonly members: readonly MemberId[]; readonly heard: readonly MemberId[] }
  | { readonly kind: 'deliver'; readonly sender: MemberId; readonly payload: Uint8Array }
  /** When that was asked, the view stood. */
  | { readonly kind: 'confirmed'; readonly question: number }
  /** Passed over: malformed, or of a kind that a later version has. */
  | { readonly kind: 'unknown-message'; readonly sender: MemberId; readonly address: string }
  /** Another live member has this host's name. */
  | { readonly kind: 'refused'; readonly other: MemberId; readonly address: string }
  | { readonly kind: 'left' };

export function createMember(options: MemberOptions, now: InstantMs): MemberState {
  const listenUntil = later(now, joinWaitMs(options));
  return {
    options,
    incarnation: incarnationOf(options.self),
    host: hostOf(options.self),
    random: seedRandom(options.seed),
    peers: [],
    view: null,
    promised: null,
    ballotFloor: 0,
    agreement: { kind: 'idle' },
    delivery: emptyDelivery(0),
    early: [],
    listenUntil,
    suspects: [],
    leftOut: [],
    superiors: [],
    apart: [],
    spared: false,
    spares: [],
    undecided: [],
    asking: null,
    brokenSince: listenUntil,
    toldOutAt: null,
    retryAt: now,
    refusals: 0,
    reconsiderAt: now,
    heartbeatAt: now,
    heartbeatSentAt: null,
    hurries: false,
    hurried: 0,
    heartbeats: 0,
    said: null,
    suspended: false,
    leaveUntil: null,
    ended: false,
    hearing: null,
    wakeAt: now,
  };
}

/**
 * A copy, field by field. Spreads of what was spread before take V8's slow path in Node 20, and leave every such object with a shape
 * of its own, which slows down all that looks at it: a step took five times as long.
 */
export function copyOfState(state: MemberState): MemberState {
  return {
    options: state.options,
    incarnation: state.incarnation,
    host: state.host,
    random: state.random,
    peers: state.peers,
    view: state.view,
    promised: state.promised,
    ballotFloor: state.ballotFloor,
    agreement: state.agreement,
    delivery: state.delivery,
    early: state.early,
    listenUntil: state.listenUntil,
    suspects: state.suspects,
    leftOut: state.leftOut,
    superiors: state.superiors,
    apart: state.apart,
    spared: state.spared,
    spares: state.spares,
    undecided: state.undecided,
    asking: state.asking,
    brokenSince: state.brokenSince,
    toldOutAt: state.toldOutAt,
    retryAt: state.retryAt,
    refusals: state.refusals,
    reconsiderAt: state.reconsiderAt,
    heartbeatAt: state.heartbeatAt,
    heartbeatSentAt: state.heartbeatSentAt,
    hurries: state.hurries,
    hurried: state.hurried,
    heartbeats: state.heartbeats,
    said: state.said,
    suspended: state.suspended,
    leaveUntil: state.leaveUntil,
    ended: state.ended,
    hearing: state.hearing,
    wakeAt: state.wakeAt,
  };
}

/** Written out: see `copyOfState`. */
export function changedDelivery(delivery: Delivery, change: Partial<Delivery>): Delivery {
  const { delivered, kept, ownKeptBytes, outbox, outboxBytes } = delivery;
  return Object.assign({ delivered, kept, ownKeptBytes, outbox, outboxBytes }, change);
}

export function emptyDelivery(members: number): Delivery {
  return {
    delivered: new Array<number>(members).fill(0),
    kept: new Array<readonly Kept[]>(members).fill([]),
    ownKeptBytes: 0,
    outbox: [],
    outboxBytes: 0,
  };
}

/** At a start, and for one put out of its view: how long to wait for others to lead before going alone. */
export function joinWaitMs(options: MemberOptions): number {
  return Math.max(20, 2 * options.heartbeatMs);
}

/** Who has not answered a proposal by then, though heard, is shunned. */
export function attemptMs(options: MemberOptions): number {
  return Math.max(500, 2 * options.detectMs);
}

/** It promised a ballot above its view: it neither sends nor delivers until the next one. */
export function isBlocked(state: MemberState): boolean {
  if (state.promised === null) return false;
  return state.view === null || compareViewIds(state.promised, state.view.id) > 0;
}
