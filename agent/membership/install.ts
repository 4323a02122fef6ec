/** The moment a view becomes this member's view. */
import { apartAtInstall } from './apart.ts';
import { deliver, deliverEarly } from './delivery.ts';
import { endWhereAlone } from './evidence.ts';
import { emptyDelivery } from './member-state.ts';
import type { Recalled } from './message.ts';
import { dropUseless } from './send.ts';
import { isSpared, noteUndecided } from './spare.ts';
import type { Turn } from './turn.ts';
import type { MemberId, View, ViewId } from './view.ts';

export type Commit = {
  readonly id: ViewId;
  readonly level: number;
  readonly members: readonly MemberId[];
  readonly together: readonly MemberId[];
  /** Of the former view, still to be delivered in it. */
  readonly catchUp: readonly Recalled[];
};

export function install(turn: Turn, { id, level, members, together, catchUp }: Commit): void {
  for (const message of catchUp) deliver(turn, message);
  const apart = apartAtInstall(turn, members);
  const spared = isSpared(turn.state, apart, turn.now);
  const view: View = { id, level, members, together, apart, spared };
  noteUndecided(turn, members);
  turn.state.view = view;
  turn.state.apart = apart;
  turn.state.spared = spared;
  turn.state.promised = id;
  turn.state.agreement = { kind: 'idle' };
  turn.state.delivery = emptyDelivery(members.length);
  turn.state.brokenSince = null;
  turn.state.refusals = 0;
  turn.state.retryAt = turn.now;
  turn.effects.push({ kind: 'view', view });
  endWhereAlone(turn);
  turn.reconsider = true;
  turn.urgent = true;
  dropUseless(turn);
  deliverEarly(turn);
}
