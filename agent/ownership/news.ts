/**
 * Whether the coordinator has anything to consider. It looks at every set, at thousands of them some ten milliseconds long; most of what
 * is heard after a decision only says that it was carried out, and a decision would come to the same.
 */
import { compareGrants } from './grant.ts';
import type { OwnershipEvent, OwnershipState } from './state.ts';

/** What a decision is made from. `reports` are looked at apart. */
const considered = [
  'pool',
  'view',
  'viewSince',
  'poolSince',
  'quorum',
  'witness',
  'joined',
  'recovered',
  'flaps',
  'assignments',
  'decided',
  'proposed',
  'releasesHeard',
  'mature',
  'answering',
  'asked',
  'freeze',
] as const satisfies readonly (keyof OwnershipState)[];

/** @param after before anything was considered */
export function isNews(before: OwnershipState, after: OwnershipState, event: OwnershipEvent): boolean {
  if (event.kind === 'wakeup') return true;
  if (considered.some((part) => before[part] !== after[part])) return true;
  if (before.reports === after.reports) return false;
  if (after.balanceAt !== null && event.now >= after.balanceAt) return true; // it waits until all is settled
  return !isClaimAsTold(after, event);
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
