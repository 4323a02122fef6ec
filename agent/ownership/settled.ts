/** Whether sets are where they should be, as far as the members have said. */
import { hostOf, type MemberId } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import type { OwnershipState } from './state.ts';

export type Holders = {
  /** Their kernels have it. */
  readonly held: readonly MemberId[];
  /** Their kernels were asked for it, which takes as long as a probe for other stations. */
  readonly claiming: readonly MemberId[];
};

export const noHolders: Holders = { held: [], claiming: [] };

/** Who has what or is getting it; one that is giving it up has it. */
export function reportedHolders(state: OwnershipState): ReadonlyMap<SetName, Holders> {
  const holders = new Map<SetName, { held: MemberId[]; claiming: MemberId[] }>();
  for (const [member, report] of state.reports) {
    const claiming = new Set(report.claiming);
    for (const { set } of report.holds) {
      const known = holders.get(set) ?? { held: [], claiming: [] };
      known[claiming.has(set) ? 'claiming' : 'held'].push(member);
      holders.set(set, known);
    }
  }
  return holders;
}

/** What keeps the set from being with its owner and with nobody else; null: it is. */
export function unsettled(state: OwnershipState, set: SetName, holders: ReadonlyMap<SetName, Holders>): string | null {
  const owner = state.assignments.get(set)?.owner ?? null;
  const { held, claiming } = holders.get(set) ?? noHolders;
  const others = [...held, ...claiming].filter((member) => member !== owner);
  if (others.length > 0) return `${set} is still held by ${others.map(hostOf).join(', ')}`;
  if (owner !== null && held.length === 0) return `${set} is not claimed by ${hostOf(owner)} yet`;
  return null;
}
