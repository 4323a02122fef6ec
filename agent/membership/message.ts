/**
 * What members say to each other. Heartbeats are datagrams that may get lost; everything else rides on a link, a
 * reliable stream of messages between two members, cut into datagrams.
 */
import type { Incarnation } from './identity.ts';
import type { MemberId, ViewId } from './view.ts';

export type Heartbeat = {
  readonly member: MemberId;
  /** The highest that the sender speaks; the same in all of its run. */
  readonly level: number;
  /** From 1 up, of the sender's run: paths, sockets and queues differ in delay, and an older one is no news. */
  readonly number: number;
  /** The sender's own interval; the next one comes within it. */
  readonly intervalMs: number;
  /** Says goodbye: the sender is to be left out of the next view. */
  readonly leaving: boolean;
  /** It hears members of a view that goes before it and leaves nothing to it: it holds nothing that others may have. */
  readonly standsBack: boolean;
  /** Installed. */
  readonly view: ViewId | null;
  /** Of the installed view, in its order; empty without one. */
  readonly viewMembers: readonly Incarnation[];
  /** How many messages of each of `viewMembers` the sender delivered in this view. */
  readonly delivered: readonly number[];
  /** The highest ballot promised. */
  readonly promised: ViewId | null;
  /** Whom the sender hears and is ready to be in a view with, itself not included. */
  readonly hears: readonly Incarnation[];
  /** Silent members whose hosts still answer: what they held is left to them. */
  readonly spares: readonly Incarnation[];
  /** To be answered at once: whether the view stands (`evidence.ts`). */
  readonly asks: boolean;
  /** Of an answer to one member: the number of that one's newest heartbeat; 0: none. */
  readonly echo: number;
};

export type LinkDatagram =
  | {
      readonly kind: 'data';
      readonly to: Incarnation;
      /** Of the stream: grows when the sender starts it anew. */
      readonly epoch: number;
      /** From 1 up, of the fragment in its stream. */
      readonly number: number;
      /** The last fragment of its message. */
      readonly final: boolean;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: 'ack';
      readonly to: Incarnation;
      /** Of the stream that is acknowledged: the other's. */
      readonly epoch: number;
      /** All fragments up to this number arrived. */
      readonly upTo: number;
    };

export type RefuseReason =
  /** A higher ballot was promised: try again above it. */
  | 'lower-ballot'
  /** The proposal has a member that this one does not hear, or that does not hear it. */
  | 'not-mutual'
  /** It would tear apart a view that stands. */
  | 'keeps-view';

/** A message of the former view that some delivered and others did not. */
export type Recalled = { readonly sender: MemberId; readonly number: number; readonly payload: Uint8Array };

export type LinkMessage =
  | {
      readonly kind: 'propose';
      readonly ballot: ViewId;
      readonly members: readonly MemberId[];
      /** What the sender has delivered in the view installed: nobody recalls it. Absent: it is in none, or of the version before. */
      readonly has?: { readonly former: ViewId; readonly delivered: readonly number[] };
    }
  /** Follower to leader, before its promise: one for each message it delivered and keeps, and the leader has not. */
  | { readonly kind: 'recall'; readonly ballot: ViewId; readonly message: Recalled }
  | {
      readonly kind: 'promise';
      readonly ballot: ViewId;
      /** The highest that the sender speaks. */
      readonly level: number;
      /** The view installed, which the promise ends. */
      readonly former: ViewId | null;
      readonly formerMembers: readonly MemberId[];
      readonly delivered: readonly number[];
    }
  | {
      readonly kind: 'refuse';
      readonly ballot: ViewId;
      readonly highest: ViewId | null;
      readonly reason: RefuseReason;
    }
  /** Leader to follower, before the commit: one for each message it has yet to deliver in its former view. */
  | { readonly kind: 'catch-up'; readonly ballot: ViewId; readonly message: Recalled }
  | {
      readonly kind: 'commit';
      readonly ballot: ViewId;
      /** The lowest that was promised with. */
      readonly level: number;
      readonly members: readonly MemberId[];
      /** Those that came from the receiver's former view. */
      readonly together: readonly MemberId[];
    }
  | {
      readonly kind: 'multicast';
      readonly view: ViewId;
      /** From 1 up, of this sender's messages in this view. */
      readonly number: number;
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'leave' };

/** Bytes of link messages. Handed in, because the codec lives with the other wire formats. */
export type MessageCodec = {
  encode(message: LinkMessage): Uint8Array;
  /** `null` where the bytes are no message this version knows; such a one is passed over. */
  decode(bytes: Uint8Array): LinkMessage | null;
};
