/** What must hold after every step. A broken one crashes the agent, which the guard and the lifetimes make safe. */
import assert from 'node:assert';
import { membersMax, peersMax } from './bounds.ts';
import { compareMaybeViewIds } from './identity.ts';
import type { MemberState } from './member-state.ts';

export function assertInvariants(former: MemberState, state: MemberState): void {
  const { view, promised, delivery, agreement, options, peers } = state;
  assert(peers.length <= peersMax, 'peers are bounded');
  assert(compareMaybeViewIds(promised, former.promised) >= 0, 'ballots promised only grow');
  assert(compareMaybeViewIds(promised, view?.id ?? null) >= 0, 'nothing is promised below the view');
  if (agreement.kind !== 'idle') {
    assert(compareMaybeViewIds(agreement.ballot, promised) === 0, 'the agreement under way is the one promised');
  }
  if (view === former.view || view === null) return;
  assert(compareMaybeViewIds(view.id, former.view?.id ?? null) > 0, 'view ids only grow');
  assert(view.members.includes(options.self), 'a member installs no view without itself');
  assert(view.members.length <= membersMax, 'views are bounded');
  assert(view.level <= options.level, 'a member is in no view of a level that it does not speak');
  assert(view.together.includes(options.self), 'a member goes together with itself');
  assert(delivery.delivered.length === view.members.length, 'delivery counts every member');
}
