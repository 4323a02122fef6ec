/**
 * What becomes of a world when nothing more befalls it: what is on its way arrives, kernels do what they were asked, and all
 * clocks go on together. It must come to rest in a stated time, with every set where it belongs.
 */
import { hostOf } from '../../agent/membership/view.ts';
import { inMinority } from '../../agent/ownership/quorum.ts';
import { Breach } from '../simulation/breach.ts';
import { isOwed } from '../simulation/eligible.ts';
import { settledGroups } from '../simulation/rest.ts';
import type { Action } from './action.ts';
import { actionsIn } from './actions.ts';
import type { ModelAgent, Node } from './node.ts';
import { checkState } from './promises.ts';
import { apply, pass, type Watch, type World } from './world.ts';

type Present = ModelAgent & { readonly node: Node };

/** Shunned peers (2 s, 4 s) and a second for one that does not report come on top of the patience and some rounds. */
const restMsMax = 12_000;
/** In no time; more is a loop. */
const arrivalsMax = 2_000;

/** @returns how long it took @throws Breach */
export function complete(from: World, watch: Watch = () => {}): { readonly world: World; readonly ms: number } {
  let world = arrive(from, watch);
  // What went wrong last is noticed only now.
  const noticedMs = 1.3 * world.options.detectMs;
  for (let ms = 0; ms < restMsMax; ) {
    const passed = pass(world, watch);
    if (passed === null) break;
    ms += passed.ms;
    world = arrive(passed.world, watch);
    if (ms >= noticedMs && isLive(world)) {
      checkRest(world);
      return { world, ms };
    }
  }
  throw new Breach('liveness', `${restMsMax} ms later it is not at rest: ${describeUnrest(world)}`);
}

/** First come what lies on the links, then what kernels owe, in the order of hosts. */
export function arrive(from: World, watch: Watch = () => {}): World {
  let world = from;
  for (let count = 0; count < arrivalsMax; count += 1) {
    const action = actionsIn(world, []).find(isArrival);
    if (action === undefined) return world;
    const after = apply(world, action, watch);
    if (after === null) return world;
    checkState(after);
    world = after;
  }
  throw new Breach('bounded', 'what is said leads to more that is said, for ever');
}

function isArrival({ kind }: Action): boolean {
  return kind === 'hear' || kind === 'deliver' || kind === 'kernel' || kind === 'hand';
}

function groupsOf({ nodes }: World): readonly (readonly Present[])[] | null {
  const present = nodes.flatMap((node) => (node.agent === null ? [] : [{ ...node.agent, node }]));
  return settledGroups(present);
}

/** All that hear each other are in one view, and every set that somebody may have is held. */
function isLive(world: World): boolean {
  const groups = groupsOf(world);
  if (groups === null || (groups.length > 1 && world.cuts.size === 0)) return false;
  return groups.every((group) =>
    world.options.pool.sets.every(({ name }) => {
      const served = group.some(({ node }) => node.held.includes(name));
      return isMinority(group) ? !served : served || !isOwed(group, name);
    }),
  );
}

function isMinority(group: readonly Present[]): boolean {
  return group.some(({ ownership }) => inMinority(ownership));
}

/** One holder a set in every view, under a majority over all views, and clients find it. */
function checkRest(world: World): void {
  const groups = groupsOf(world) ?? [];
  for (const { name } of world.options.pool.sets) {
    const everywhere = groups.flat().filter(({ node }) => node.held.includes(name));
    if (world.options.pool.majority !== undefined && everywhere.length > 1) {
      const hosts = everywhere.map(({ member }) => hostOf(member)).join(' and ');
      throw new Breach('majority', `${hosts} both hold ${name} at rest`);
    }
    for (const group of groups) {
      const holders = group.filter(({ node }) => node.held.includes(name)).map(({ member }) => hostOf(member));
      if (holders.length > 1) throw new Breach('one holder', `${holders.join(' and ')} both hold ${name} at rest`);
      const last = world.history.announced.get(name);
      // What a run that is over said when nobody heard it, nobody can correct.
      const speaker = group.find(({ member }) => member === last);
      if (groups.length === 1 && speaker !== undefined && holders[0] !== hostOf(speaker.member)) {
        throw new Breach(
          'last word',
          `${holders[0] ?? 'nobody'} holds ${name}, but ${hostOf(speaker.member)} announced it last`,
        );
      }
    }
  }
}

function describeUnrest({ nodes }: World): string {
  const each = nodes.map(({ host, agent, held }) => {
    if (agent === null) return `${host} is off`;
    const view = agent.engine.view?.members.map(hostOf).join(' ') ?? 'no view';
    const { decided, proposed } = agent.ownership;
    return `${host}: ${view}, ${agent.engine.agreement.kind}, decision ${decided} of ${proposed}, holds ${held.join(' ')}`;
  });
  return each.join('; ');
}
