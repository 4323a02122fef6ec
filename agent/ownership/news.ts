/**
 * Whether the coordinator has anything to consider. It looks at every set, at thousands of them some ten milliseconds long; most of what
 * is heard after a decision only says that it was carried out, and a decision would come to the same.
 */
import { compareGrants } from './grant.ts';
import type { OwnershipEvent, OwnershipState } from './state.ts';

/** @param after before anything was considered */
export function isNews(before: OwnershipState, after: OwnershipState, event: OwnershipEvent): boolean {
  if (event.kind === 'wakeup') return true;
  if (differ(before, after)) return true;
  if (before.reports === after.reports) return false;
  if (after.balanceAt !== null && event.now >= after.balanceAt) return true; // it waits until all is settled
  return !isClaimAsTold(after, event);
}

/** In what a decision is made from; `reports` are looked at apart. */
function differ(a: OwnershipState, b: OwnershipState): boolean {
  return (
    a.pool !== b.pool ||
    a.view !== b.view ||
    a.viewSince !== b.viewSince ||
    a.poolSince !== b.poolSince ||
    a.quorum !== b.quorum ||
    a.witness !== b.witness ||
    a.joined !== b.joined ||
    a.recovered !== b.recovered ||
    a.flaps !== b.flaps ||
    a.assignments !== b.assignments ||
    a.decided !== b.decided ||
    a.proposed !== b.proposed ||
    a.releasesHeard !== b.releasesHeard ||
    a.mature !== b.mature ||
    a.answering !== b.answering ||
    a.asked !== b.asked ||
    a.freeze !== b.freeze
  );
}

/** A member has claimed what, and as, it was told: to the coordinator it had it from the moment it was told. */
function isClaimAsTold({ assignments }: OwnershipState, event: OwnershipEvent): boolean {
  if (event.kind !== 'message' || event.message.kind !== 'claimed') return false;
  const { sender, message } = event;
  return message.sets.every(({ set, grant }) => {
    const told = assignments.get(set);
    return told !== undefined && told.owner === sender && compareGrants(told.grant, grant) === 0;
  });
}
