/** A message is kept until every member of the view is known to have delivered it: a promise recalls the kept ones. */
import { compareMaybeViewIds } from './identity.ts';
import { changedDelivery, type Delivery } from './member-state.ts';
import { findPeer, type Turn } from './turn.ts';

export function forgetStable(turn: Turn): void {
  const { view, delivery, options } = turn.state;
  if (view === null || delivery.kept.every((kept) => kept.length === 0)) return;
  const stable = [...delivery.delivered];
  for (const member of view.members) {
    if (member === options.self) continue;
    const report = findPeer(turn.state, member)?.report;
    const current = report !== undefined && compareMaybeViewIds(report.view, view.id) === 0;
    for (let index = 0; index < stable.length; index += 1) {
      const known = current ? (report.delivered[index] ?? 0) : 0;
      if (known < (stable[index] ?? 0)) stable[index] = known;
    }
  }
  turn.state.delivery = withoutStable(delivery, stable, view.members.indexOf(options.self));
}

function withoutStable(delivery: Delivery, stable: readonly number[], self: number): Delivery {
  const kept = delivery.kept.map((messages, index) => {
    const upTo = stable[index] ?? 0;
    const [first] = messages;
    return first === undefined || first.number > upTo ? messages : messages.filter((message) => message.number > upTo);
  });
  const own = kept[self];
  const ownKeptBytes =
    own === delivery.kept[self]
      ? delivery.ownKeptBytes
      : (own ?? []).reduce((sum, { payload }) => sum + payload.length, 0);
  return changedDelivery(delivery, { kept, ownKeptBytes });
}
