/** Why a set is where it is: every decision carries one. */
import type { HostName } from '../membership/view.ts';

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
  /** Several held it when views met. */
  | { readonly kind: 'merge'; readonly others: readonly HostName[]; readonly choice: Choice }
  /** The holder was found holding it, e.g. by a coordinator that had no decision yet. */
  | { readonly kind: 'found' }
  | { readonly kind: 'nobody'; readonly why: string };

/** What told the chosen member from the others. */
export type Choice =
  | 'only candidate'
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
    case 'merge':
      return `kept when ${reason.others.join(', ')} held it too; ${reason.choice}`;
    case 'found':
      return 'was holding it already';
    case 'nobody':
      return reason.why;
  }
}
