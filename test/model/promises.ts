/** The promises of the design that can be read from one step or one state. Agreement and grants: history.ts. Coverage: completion.ts. */
import { compareViewIds, hostOf } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import { Breach } from '../simulation/breach.ts';
import type { Happening, ModelAgent, Node } from './node.ts';
import type { World } from './world.ts';

type Stepped = Happening & { kind: 'stepped' };

/** @throws Breach */
export function checkStep(host: string, { before, event, after, effects }: Stepped, nodes: readonly Node[]): void {
  for (const effect of effects) {
    if (effect.kind === 'claim') for (const set of effect.sets) checkClaim(host, set, after);
    if (effect.kind === 'announce') for (const set of effect.sets) checkAnnouncement(host, set, before, event, after);
    if (effect.kind === 'release') for (const set of effect.sets) checkRelease(host, set, after, nodes);
    if (effect.kind === 'send' && effect.message.kind === 'decision')
      checkDecision(host, effect.message, before, after, nodes);
  }
}

/** At most one of those who have seen one decision of one view has the set as its own. @throws Breach */
export function checkState({ nodes, options }: Pick<World, 'nodes' | 'options'>): void {
  if (options.twice === 'never') checkAlone(nodes);
  const agents = nodes.flatMap(({ agent }) => (agent === null ? [] : [agent]));
  for (const [index, one] of agents.entries()) {
    for (const other of agents.slice(index + 1)) {
      if (!haveSeenTheSame(one.ownership, other.ownership)) continue;
      for (const [set, { phase }] of one.ownership.holdings) {
        if (phase !== 'held' || other.ownership.holdings.get(set)?.phase !== 'held') continue;
        throw new Breach('one holder', `${nameOf(one)} and ${nameOf(other)} both hold ${set} under one decision`);
      }
    }
  }
}

function checkAlone(nodes: readonly Node[]): void {
  for (const [index, { host, held }] of nodes.entries()) {
    for (const other of nodes.slice(index + 1)) {
      const both = held.find((set) => other.held.includes(set));
      if (both !== undefined) throw new Breach('one holder', `${host} and ${other.host} have ${both} at once`);
    }
  }
}

function haveSeenTheSame(a: OwnershipState, b: OwnershipState): boolean {
  if (a.view === null || b.view === null || compareViewIds(a.view.id, b.view.id) !== 0) return false;
  const settled = [a, b].every(
    ({ stalledUntil, apart, freeze }) => stalledUntil === null && apart.length === 0 && !freeze.frozen,
  );
  return settled && a.decided > 0 && a.decided === b.decided;
}

/** No claim under a superseded grant, as far as the claimer can know. */
function checkClaim(host: string, set: SetName, state: OwnershipState): void {
  const assignment = state.assignments.get(set);
  const wrong = (how: string): Breach => new Breach('superseded', `${host} claims ${set}${how}`);
  if (state.view === null || state.decided === 0) throw wrong(' without a decision of its view');
  if (assignment?.owner !== state.self) throw wrong(', which is another’s');
  if (compareViewIds(assignment.grant.view, state.view.id) > 0)
    throw wrong(' under a grant of a view that it has not seen');
  if (state.stalledUntil !== null) throw wrong(' after a stall, before it knows what became of it');
}

function checkAnnouncement(
  host: string,
  set: SetName,
  before: OwnershipState,
  event: Stepped['event'],
  state: OwnershipState,
): void {
  const holding = state.holdings.get(set);
  const assignment = state.assignments.get(set);
  const wrong = (how: string): Breach => new Breach('superseded', `${host} announces ${set}${how}`);
  if (holding === undefined || holding.phase === 'releasing') throw wrong(', which it gives up');
  if (before.stalledUntil !== null && state.stalledUntil !== null && event.kind !== 'view') {
    throw wrong(' after a stall, before it knows what became of it');
  }
  if (assignment !== undefined && assignment.owner !== state.self && state.decided > 0)
    throw wrong(', which is another’s');
}

/** Make before break: who gives a set to another of its view keeps it until that one has it. */
function checkRelease(host: string, set: SetName, state: OwnershipState, nodes: readonly Node[]): void {
  const { assignments, self, view, decided, stalledUntil, apart, leavingUntil } = state;
  if (view === null || decided === 0 || stalledUntil !== null || apart.length > 0 || leavingUntil !== null) return;
  const assignment = assignments.get(set);
  if (assignment === undefined || assignment.owner === null || assignment.owner === self) return;
  if (assignment.handover !== 'make-before-break') return;
  const successor = nodes.find(({ agent }) => agent?.member === assignment.owner);
  if (successor === undefined || successor.held.includes(set)) return;
  throw new Breach('covered', `${host} releases ${set} before ${successor.host} has it`);
}

/** Nothing moves without a cause: in a first decision, who comes with nothing takes nothing from one that has it and may keep it. */
function checkDecision(
  host: string,
  { assignments, n }: Extract<Extract<Stepped['effects'][number], { kind: 'send' }>['message'], { kind: 'decision' }>,
  before: OwnershipState,
  after: OwnershipState,
  nodes: readonly Node[],
): void {
  if (n > 1 || after.view === null || before.asked.length > 0) return;
  const { together } = after.view;
  for (const { set, owner } of assignments) {
    if (owner === null || together.includes(owner) || (after.reports.get(owner)?.holds.length ?? 1) > 0) continue;
    const keeper = nodes.find(({ agent, held }) => {
      const report = agent === null ? undefined : after.reports.get(agent.member);
      if (agent === null || report === undefined || !held.includes(set) || agent.member === owner) return false;
      if (report.leaving || report.drained || report.unable.some((unable) => unable.set === set)) return false;
      return agent.ownership.holdings.get(set)?.phase === 'held' && report.holds.some((hold) => hold.set === set);
    });
    if (keeper === undefined) continue;
    throw new Breach(
      'cause',
      `${host} gives ${set} to ${hostOf(owner)}, which comes with nothing, though ${keeper.host} has it`,
    );
  }
}

function nameOf({ member }: ModelAgent): string {
  return hostOf(member);
}
