/** What happens in a simulated world, for the checks and for people. */
import type { MemberId, View } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { OwnershipEffect, OwnershipEvent, OwnershipState } from '../../agent/ownership/state.ts';
import type { Fault } from './fault.ts';

export type Observation =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'started'; readonly host: string; readonly member: MemberId }
  | { readonly kind: 'ended'; readonly host: string; readonly member: MemberId; readonly how: End }
  | { readonly kind: 'resumed'; readonly host: string; readonly pausedMs: number; readonly clock: 'runs' | 'stands' }
  /** By its engine; ownership hears of it a moment later. */
  | { readonly kind: 'installed'; readonly host: string; readonly member: MemberId; readonly view: View }
  | {
      readonly kind: 'delivered';
      readonly host: string;
      readonly member: MemberId;
      readonly sender: MemberId;
      /** The same for the same message. */
      readonly key: string;
    }
  | {
      readonly kind: 'stepped';
      readonly host: string;
      readonly before: OwnershipState;
      readonly event: OwnershipEvent;
      readonly after: OwnershipState;
      readonly effects: readonly OwnershipEffect[];
    }
  | { readonly kind: 'added'; readonly host: string; readonly set: SetName }
  | { readonly kind: 'removed'; readonly host: string; readonly set: SetName; readonly why: Removal }
  /** One frame to the address that must answer. */
  | { readonly kind: 'witness-asked'; readonly host: string; readonly answered: boolean }
  /** Something is due that waits until its view is known to stand. */
  | { readonly kind: 'waits'; readonly host: string }
  /** What it has, for another lifetime. */
  | { readonly kind: 'renewed'; readonly host: string }
  | { readonly kind: 'claim-refused'; readonly host: string; readonly set: SetName }
  | {
      readonly kind: 'announced';
      readonly host: string;
      readonly set: SetName;
      readonly why: 'claimed' | 'again' | 'repeat';
    };

export type End = 'power' | 'killed' | 'left' | 'refused' | 'engine';

/** reaped: by the next agent of its host. expired: nobody renewed it. yielded: by the guard, to another host that announced it. fenced: by the guard, as nobody else has. */
export type Removal = 'released' | 'power' | 'reaped' | 'expired' | 'closed' | 'yielded' | 'fenced';
