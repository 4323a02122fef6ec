/** Part of promise 2 and of the choice: a host that flaps gets nothing that another may have, and never leaves a set with nobody. */
import { hostOf } from '../../../agent/membership/view.ts';
import { dampedUntil } from '../../../agent/ownership/damping.ts';
import type { Assignment } from '../../../agent/ownership/message.ts';
import { Breach } from '../breach.ts';
import { mayOwn } from '../eligible.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export class FlapDamping implements Check {
  readonly name = 'damping';
  exercised = 0;

  observe(observation: Observation, world: World): void {
    if (observation.kind !== 'stepped' || observation.after.flaps.size === 0) return;
    for (const effect of observation.effects) {
      if (effect.kind !== 'send' || effect.message.kind !== 'decision') continue;
      for (const assignment of effect.message.assignments) this.#check(assignment, observation, world);
    }
  }

  atRest(): void {}

  /** Only what is new: whoever has a set keeps it. */
  #check(
    { set, owner, reason }: Assignment,
    { before, after, event }: Observation & { kind: 'stepped' },
    world: World,
  ): void {
    const isNew =
      reason.kind === 'first' || reason.kind === 'takeover' || reason.kind === 'handover' || reason.kind === 'balance';
    if (!isNew || before.assignments.get(set)?.owner === owner || after.freeze.frozen) return;
    const damped = (after.view?.members ?? []).filter(
      (member) => dampedUntil(after, hostOf(member), event.now) !== null,
    );
    if (damped.length === 0) return;
    this.exercised += 1;
    const able = world
      .agents()
      .filter((agent) => after.view?.members.includes(agent.member) && mayOwn(agent, set, { ownership: after }));
    if (owner === null || !damped.includes(owner)) return;
    const holder = after.reports.get(owner)?.holds.some((hold) => hold.set === set) ?? false;
    // What the coordinator has not heard of yet it could not take into account.
    const free = able.filter(
      ({ member }) =>
        !damped.includes(member) && after.reports.get(member)?.unable.every((unable) => unable.set !== set),
    );
    const [other] = free.filter(({ member }) => {
      const report = after.reports.get(member);
      return report !== undefined && !report.leaving && !report.drained && !report.abandoning;
    });
    if (other === undefined || holder) return;
    throw new Breach(
      this.name,
      `${set} goes to ${hostOf(owner)}, which is damped, though ${other.host.name} may have it: ${reason.kind}`,
    );
  }
}
