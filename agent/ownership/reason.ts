/** Why a set is where it is: every decision carries one. */
import type { HostName, MemberId } from '../membership/view.ts';

export type Reason =
  /** Nobody had it. */
  | { readonly kind: 'first'; readonly choice: Choice }
  /** The last owner is not in the view any more. */
  | { readonly kind: 'takeover'; readonly from: HostName; readonly choice: Choice }
  /** The last owner is there, but may not own it any more. */
  | { readonly kind: 'handover'; readonly from: HostName; readonly why: string; readonly choice: Choice }
  | { readonly kind: 'balance'; readonly from: HostName; readonly choice: Choice }
  /** The last owner may go on, but a host that should rather have it has been there for long enough. */
  | { readonly kind: 'failback'; readonly from: HostName; readonly choice: Choice }
  /** An operator said so. */
  | { readonly kind: 'move'; readonly from: HostName | null }
  /** Its owner is drained, but no other host may have it. */
  | { readonly kind: 'stays'; readonly why: string }
  /** The group is frozen, and the host that had it is gone; null: nobody had it. */
  | { readonly kind: 'frozen'; readonly host: HostName | null }
  /** The group is frozen, and the host that had it is back. */
  | { readonly kind: 'returned'; readonly host: HostName }
  /** The agent of the host has left its addresses in the kernel for good. */
  | { readonly kind: 'abandoned'; readonly host: HostName }
  /** The host that had it, as this member, is silent, but still answers for it; absent: the version before decided. */
  | { readonly kind: 'answering'; readonly host: HostName; readonly member?: MemberId | undefined }
  /** Several held it when views met. */
  | { readonly kind: 'merge'; readonly others: readonly HostName[]; readonly choice: Choice }
  /** The holder was found holding it, e.g. by a coordinator that had no decision yet. */
  | { readonly kind: 'found' }
  /** The host that had it, null: maybe somebody, may be cut off and is given the time to let go. */
  | { readonly kind: 'fenced'; readonly from: HostName | null }
  | { readonly kind: 'nobody'; readonly why: string }
  /** One of a later version, as it said it: kept for those who know it. */
  | { readonly kind: 'later'; readonly said: Readonly<Record<string, unknown>> };

/** What told the chosen member from the others. */
export type Choice =
  | 'only candidate'
  | 'pinned'
  | 'not damped'
  | 'kept apart'
  | 'preferred'
  | 'least loaded'
  | 'first by name'
  | 'larger side'
  | 'newest grant';

/** One sentence without a full stop, for people. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'first':
      return `nobody had it; ${reason.choice}`;
    case 'takeover':
      return `taken over: ${reason.from} is gone; ${reason.choice}`;
    case 'handover':
      return `handed over: ${reason.from} ${reason.why}; ${reason.choice}`;
    case 'balance':
      return `balanced: moved from ${reason.from}; ${reason.choice}`;
    case 'failback':
      return `moved back from ${reason.from}; ${reason.choice}`;
    case 'move':
      return `moved here by an operator${reason.from === null ? '' : `, from ${reason.from}`}`;
    case 'stays':
      return `its host is drained, but ${reason.why}`;
    case 'frozen':
      return `the group is frozen: ${reason.host === null ? 'nobody' : `nobody but ${reason.host}`} gets it before it is thawed`;
    case 'returned':
      return `${reason.host} had it when the group was frozen`;
    case 'abandoned':
      return `${reason.host} has abandoned it and still has its addresses: start the agent there, or move it`;
    case 'answering':
      return `${reason.host} is silent but still answers for it: not taken over before it stops`;
    case 'merge':
      return `kept when ${reason.others.join(', ')} held it too; ${reason.choice}`;
    case 'found':
      return 'was holding it already';
    case 'fenced':
      return `waits a moment: ${reason.from ?? 'a host that had it'} may be cut off, and has to let go first`;
    case 'nobody':
      return reason.why;
    case 'later':
      return `for a reason that only a later version knows: ${String(reason.said.kind)}`;
  }
}
