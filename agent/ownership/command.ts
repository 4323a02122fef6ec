/** What an operator may ask of the group, and how it is answered. */
import type { HostName, MemberId } from '../membership/view.ts';
import type { SetName } from './grant.ts';

export type Command =
  | { readonly kind: 'balance' }
  /** The set goes to the host and stays there: nothing but another command or the host's loss moves it. */
  | { readonly kind: 'move'; readonly set: SetName; readonly host: HostName }
  | { readonly kind: 'unpin'; readonly set: SetName }
  /** The host gives all away and takes nothing. */
  | { readonly kind: 'drain'; readonly host: HostName }
  | { readonly kind: 'undrain'; readonly host: HostName }
  /** Nothing is moved or touched in the whole group. */
  | { readonly kind: 'freeze' }
  | { readonly kind: 'thaw' }
  /** This member leaves its addresses where they are and goes. */
  | { readonly kind: 'abandon' };

/** Asked of the whole view, and again in each new one until it is answered: all of them may be carried out twice. */
export type Request = { readonly asker: MemberId; readonly id: number; readonly command: Command };

/** The coordinator's answer to a request; what it decided goes with the same decision. */
export type Answer = {
  readonly asker: MemberId;
  readonly id: number;
  /** null: it is in the decision. */
  readonly refusal: string | null;
};
