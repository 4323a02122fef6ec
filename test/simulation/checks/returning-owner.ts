/** Promise 9: a returning owner moves nothing under `never`. */
import { compareViewIds, hostOf, type MemberId, type View } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import type { OwnershipState } from '../../../agent/ownership/state.ts';
import { Breach } from '../breach.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export class ReturningOwner implements Check {
  readonly name = 'returning owner';
  exercised = 0;
  readonly #owners = new Map<SetName, Set<string>>();

  observe(observation: Observation, world: World): void {
    if (observation.kind === 'added') {
      const { set, host } = observation;
      this.#owners.set(set, (this.#owners.get(set) ?? new Set()).add(host));
    } else if (observation.kind === 'stepped') this.#stepped(observation, world);
  }

  atRest(): void {}

  /** The first decision of a view with a host in it that comes back with nothing. */
  #stepped({ before, after, effects }: Observation & { kind: 'stepped' }, world: World): void {
    if (before.decided > 0 || after.view === null || after.pool.balance.mode === 'auto') return;
    for (const effect of effects) {
      if (effect.kind !== 'send' || effect.message.kind !== 'decision' || effect.message.n > 1) continue;
      for (const member of after.view.members) {
        if (after.view.together.includes(member) || (after.reports.get(member)?.holds.length ?? 1) > 0) continue;
        for (const { set, owner } of effect.message.assignments) {
          if (!this.#owners.get(set)?.has(hostOf(member))) continue;
          if (after.pool.sets.find(({ name }) => name === set)?.failbackMs !== null) continue;
          const others = world
            .agents()
            .filter(
              ({ host, ownership }) =>
                ownership.self !== member &&
                isIn(ownership, after.view) &&
                host.has(set) &&
                ownership.holdings.get(set)?.phase === 'held' &&
                after.reports.has(ownership.self),
            );
          if (others.length === 0) continue;
          const speaks = others.every(({ ownership }) => {
            const report = after.reports.get(ownership.self);
            return (
              report?.leaving ||
              report?.drained ||
              report?.abandoning ||
              isBarredByFile(after, set, ownership.self) ||
              report?.unable.some((unable) => unable.set === set)
            );
          });
          if (speaks || before.asked.some(({ command }) => command.kind === 'balance' || command.kind === 'move'))
            continue;
          this.exercised += 1;
          if (owner === member)
            throw new Breach(this.name, `${hostOf(member)} comes back and gets ${set} from its holder`);
        }
      }
    }
  }
}

/** One of another view may have got the set since, which nobody in this one knows. */
function isIn({ view }: OwnershipState, other: View | null): boolean {
  return view !== null && other !== null && compareViewIds(view.id, other.id) === 0;
}

/** While files are changed, a holder that its own file allows may be none by the file of who decides. */
function isBarredByFile({ pool }: OwnershipState, name: SetName, member: MemberId): boolean {
  const only = pool.sets.find((set) => set.name === name)?.only ?? null;
  return only !== null && !only.includes(hostOf(member));
}
