/** Whether anything is still to happen but heartbeats and repeats. */
import { sameList } from '../../agent/membership/identity.ts';
import { isIdle } from '../../agent/membership/link-out.ts';
import type { MemberState } from '../../agent/membership/member-state.ts';
import { allSpared } from '../../agent/membership/spare.ts';
import { compareViewIds, type HostName } from '../../agent/membership/view.ts';
import { fencedUntil } from '../../agent/ownership/quorum.ts';
import type { OwnershipState } from '../../agent/ownership/state.ts';
import type { Agent } from './agent.ts';
import { isLeft } from './suspicion.ts';
import type { World } from './world.ts';

/** Agents of one view that all have said and done what there was to say and do. */
export type Settled = readonly Agent[];

/** Both layers of an agent, wherever it runs. */
type Layers = { readonly engine: MemberState | null; readonly ownership: OwnershipState };

/** All agents that run, by their views; null where one of them is not at rest. */
export function settledViews(world: World): readonly Settled[] | null {
  if (world.datagramsUnderWay > 0) return null;
  const agents: Agent[] = [];
  for (const { agent, paused } of world.hosts.values()) {
    if (agent === null) continue;
    if (!agent.running || agent.underWay > 0 || paused !== null || agent.isInDoubt) return null;
    const fenceEnds = fencedUntil(agent.ownership);
    if (fenceEnds !== null && agent.host.localNow <= fenceEnds) return null; // what nobody holds is still to be given
    if (isDue(agent)) return null;
    if (!knowsWitness(agent, world) || !knowsWhoAnswers(agent, world) || hasOldNews(agent, world)) return null;
    agents.push(agent);
  }
  return settledGroups(agents);
}

/** The time to decide anew has come, and its timer, which is a hair late, has not. */
function isDue({ host, ownership: { reconsiderAt } }: Agent): boolean {
  return reconsiderAt !== null && reconsiderAt <= host.localNow;
}

/** Of one that is alone: whether it has found out about the address that must answer. */
function knowsWitness({ witness, host, ownership }: Agent, world: World): boolean {
  if (witness === null || ownership.view === null || ownership.view.members.length > 1) return true;
  return ownership.witness === (world.reachesWitness(host.name) ? 'answers' : 'silent');
}

/** What another said last may have been overtaken: its next heartbeat tells, or it is silent once its patience is over. */
function hasOldNews({ engine }: Agent, world: World): boolean {
  if (engine === null) return false;
  return engine.peers.some(({ member, silent, gone, report }) => {
    if (silent || gone) return false;
    const other = world.agentOf(member)?.engine ?? null;
    if (other === null || other.view === null || report.view === null) return true;
    return compareViewIds(report.view, other.view.id) !== 0 || !sameList(report.spares, allSpared(other));
  });
}

/** Of one that decides: a host that something is left with because it answers, does, as far as that can be asked: two addresses are. */
function knowsWhoAnswers({ host, ownership }: Agent, world: World): boolean {
  if (world.options.takeover !== 'answered' || ownership.view?.members[0] !== ownership.self) return true;
  const answers = new Map<HostName, boolean>();
  for (const [set, { reason }] of ownership.assignments) {
    if (reason.kind !== 'answering' || answers.get(reason.host) === true) continue;
    answers.set(
      reason.host,
      world
        .answerersOf(set, host.name)
        .some((answerer) => isLeft(ownership.view?.members ?? [], answerer, reason.host)),
    );
  }
  return [...answers.values()].every((does) => does);
}

/** The same for agents between whose layers nothing is under way. */
export function settledGroups<A extends Layers>(agents: readonly A[]): readonly (readonly A[])[] | null {
  const groups: A[][] = [];
  for (const agent of agents) {
    if (!isAtRest(agent)) return null;
    const group = groups.find(([first]) => first !== undefined && sameView(first, agent));
    if (group === undefined) groups.push([agent]);
    else group.push(agent);
  }
  for (const group of groups) {
    const [first] = group;
    if (first?.engine?.view?.members.length !== group.length) return null;
    if (group.some(({ ownership }) => ownership.decided !== first.ownership.decided)) return null;
  }
  return groups;
}

function isAtRest({ engine, ownership }: Layers): boolean {
  if (engine === null || engine.view === null || ownership.view === null) return false;
  if (ownership.leavingUntil !== null) return false;
  if (compareViewIds(engine.view.id, ownership.view.id) !== 0) return false;
  if (ownership.stalledUntil !== null || ownership.apart.length !== engine.apart.length) return false;
  if (engine.superiors.length !== engine.apart.length) return false; // for some it does not stand back yet
  if (ownership.decided === 0 || ownership.proposed !== ownership.decided) return false;
  if (
    engine.agreement.kind !== 'idle' ||
    engine.brokenSince !== null ||
    engine.reconsiderAt !== null ||
    engine.delivery.outbox.length > 0
  )
    return false;
  const { members } = engine.view;
  return engine.peers.every(({ member, out }) => !members.includes(member) || isIdle(out));
}

function sameView(a: Layers, b: Layers): boolean {
  const one = a.engine?.view?.id;
  const two = b.engine?.view?.id;
  return one !== undefined && two !== undefined && compareViewIds(one, two) === 0;
}
