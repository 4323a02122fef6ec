/** Promise 3: nothing moves without a cause, named. Held against what the world knows, not against what the coordinator says. */
import { compareViewIds, hostOf, type MemberId, type ViewId } from '../../../agent/membership/view.ts';
import type { SetName } from '../../../agent/ownership/grant.ts';
import type { Assignment, Report } from '../../../agent/ownership/message.ts';
import type { OwnershipState } from '../../../agent/ownership/state.ts';
import { Breach } from '../breach.ts';
import { isCutOff, isMinority } from '../eligible.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export class Cause implements Check {
  readonly name = 'cause';
  exercised = 0;
  /** The newest view in which each member heard a decision. */
  readonly #decidedIn = new Map<MemberId, ViewId>();

  /** Nobody has been there for long enough, nor all at once. */
  #isColdStart = true;
  readonly #startedAt = new Map<string, number>();

  observe(observation: Observation, world: World): void {
    if (observation.kind === 'started') this.#startedAt.set(observation.host, world.now);
    if (observation.kind === 'installed' && observation.view.members.length >= (world.options.pool.hostsExpected ?? 0))
      this.#isColdStart = false;
    if (observation.kind !== 'stepped') return;
    const { before } = observation;
    if (before.view !== null && before.decided > 0) this.#decidedIn.set(before.self, before.view.id);
    for (const effect of observation.effects) {
      if (effect.kind !== 'send' || effect.message.kind !== 'decision') continue;
      for (const assignment of effect.message.assignments) this.#check(assignment, observation, world);
    }
  }

  atRest(): void {}

  #check(assignment: Assignment, { before, after, event }: Observation & { kind: 'stepped' }, world: World): void {
    const { set, owner, reason } = assignment;
    if (owner !== null && this.#isColdStart) this.#checkStart(assignment, world);
    const holders = ableHolders(after, assignment, world);
    if (holders.length === 0) return;
    this.exercised += 1;
    if (owner !== null && holders.includes(owner)) return;
    const asked = [...before.asked, ...(event.kind === 'message' ? after.asked : [])].map(({ command }) => command);
    switch (reason.kind) {
      case 'nobody':
      case 'frozen':
        if (isMinority(after.view?.members.length ?? 0, after.pool)) return;
        if (after.view?.members.length === 1 && isCutOff(after)) return;
        break;
      case 'balance':
        if (after.pool.balance.mode === 'auto') return;
        if (asked.some(({ kind }) => kind === 'balance') || event.kind === 'message') return;
        break;
      case 'move':
        if (asked.some(({ kind }) => kind === reason.kind) || event.kind === 'message') return;
        break;
      case 'failback': {
        const pooled = after.pool.sets.find(({ name }) => name === set);
        if (pooled !== undefined && pooled.failbackMs !== null && owner !== null) {
          if (pooled.prefer.includes(hostOf(owner))) return;
        }
        break;
      }
      case 'merge':
        if (!this.#isTogetherWithOwner(before, after, assignment, holders)) return;
        break;
      case 'found':
        // Frozen, what is held twice stays so: nothing goes anywhere.
        if (after.freeze.frozen && owner !== null && after.reports.get(owner)?.holds.some((hold) => hold.set === set))
          return;
        break;
      default:
    }
    // One that was told before, be it by the decision that this step takes in, and is on its way is as good as a holder.
    const told = event.kind === 'message' && event.message.kind === 'decision' ? after : before;
    if (owner !== null && told.assignments.get(set)?.owner === owner && isOnItsWay(owner, before, assignment, world))
      return;
    const to = owner === null ? 'nobody' : hostOf(owner);
    throw new Breach(
      this.name,
      `${holders.map(hostOf).join(' and ')} may go on with ${set}, but it goes to ${to}: ${reason.kind}`,
    );
  }

  /** A cold start waits for all hosts, or for its time. */
  #checkStart({ set, owner, reason }: Assignment, { options, now }: World): void {
    const matureMs = options.matureMs / (1 + options.clockDrift);
    this.#isColdStart = [...this.#startedAt.values()].every((at) => now - at < matureMs);
    if (!this.#isColdStart || reason.kind !== 'first') return;
    throw new Breach(this.name, `${set} is given to ${owner} before the other hosts of a cold start could be there`);
  }

  /** The two decided together before, and the one that was told last goes on: they have not met only now. */
  #isTogetherWithOwner(
    before: OwnershipState,
    { reports }: OwnershipState,
    { set, owner }: Assignment,
    holders: readonly MemberId[],
  ): boolean {
    if (owner === null || !reports.get(owner)?.holds.some((hold) => hold.set === set)) return true;
    const told = before.assignments.get(set)?.owner ?? null;
    return told !== null && holders.includes(told) && this.#isSameSide(told, owner);
  }

  #isSameSide(a: MemberId, b: MemberId): boolean {
    const [one, other] = [this.#decidedIn.get(a), this.#decidedIn.get(b)];
    return one !== undefined && other !== undefined && compareViewIds(one, other) === 0;
  }
}

/** It has not heard of what it was told, or is getting it; one that has let go since is not. */
function isOnItsWay(owner: MemberId, { view, decided }: OwnershipState, { set }: Assignment, world: World): boolean {
  const state = world.agentOf(owner)?.ownership;
  if (state === undefined) return true;
  const phase = state.holdings.get(set)?.phase;
  if (phase !== undefined) return phase !== 'releasing';
  return state.view?.id !== view?.id || state.decided < decided;
}

/** Who has it, announced, has said so to the coordinator, and has said nothing that speaks against it. */
function ableHolders(coordinator: OwnershipState, { set }: Assignment, world: World): readonly MemberId[] {
  const holders: MemberId[] = [];
  for (const { host, member, ownership } of world.agents()) {
    const report = coordinator.reports.get(member);
    if (report === undefined || ownership.holdings.get(set)?.phase !== 'held' || !host.has(set)) continue;
    if (!report.holds.some((hold) => hold.set === set)) continue;
    if (report.leaving || report.drained || report.abandoning) continue;
    if (report.unable.some((unable) => unable.set === set) || !isInFiles(coordinator, report, set)) continue;
    holders.push(member);
  }
  return holders;
}

/** In that of the member, as far as it has told, and allowed by the coordinator's. */
function isInFiles({ pool }: OwnershipState, { host, pool: version, sets }: Report, set: SetName): boolean {
  const pooled = pool.sets.find(({ name }) => name === set);
  if (pooled === undefined && version === pool.version) return false;
  return (sets?.includes(set) ?? true) && (pooled?.only?.includes(host) ?? true);
}
