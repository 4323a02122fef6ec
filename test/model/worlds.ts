/** The worlds that are searched: how each begins, what may befall it, and how far the ordinary check goes. */
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Handover, Pool } from '../../agent/ownership/pool.ts';
import type { Budget } from './action.ts';
import { complete } from './completion.ts';
import type { NodeOptions } from './node.ts';
import { apply, hostNames, newWorld, tell, type World } from './world.ts';

export type Beginning = {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly threads: NodeOptions['threads'];
  /** Of both sets; make-before-break where it is not said. */
  readonly handover?: Handover;
  readonly partition?: 'majority';
  readonly twice?: NodeOptions['twice'];
  readonly budget: Budget;
  readonly cuts: readonly (readonly string[])[];
  /** From nobody running to the state that is searched from. */
  readonly begin: (world: World) => World;
  /** Of the ordinary check. */
  readonly depth: number;
  /** So many states the ordinary check visits at the least: fewer, and something is not tried any more. */
  readonly statesMin: number;
};

const two = ['e1', 'e2'];
const three = ['e1', 'e2', 'e3'];
const nothing: Budget = { crashes: 0, restarts: 0, cuts: 0, losses: 0, alarms: 0, stalls: 0 };

/** From everybody on one side to everybody on the other, and back. */
const apart2 = ['e1>e2', 'e2>e1'];
const without1 = ['e1>e2', 'e1>e3', 'e2>e1', 'e3>e1'];
const without3 = ['e1>e3', 'e2>e3', 'e3>e1', 'e3>e2'];

export const beginnings: readonly Beginning[] = [
  {
    name: 'two, anything',
    hosts: two,
    threads: 'at once',
    budget: { crashes: 1, restarts: 1, cuts: 1, losses: 1, alarms: 1, stalls: 1 },
    cuts: [apart2, ['e1>e2'], ['e2>e1']],
    begin: atRest,
    depth: 5,
    statesMin: 3000,
  },
  {
    name: 'two, crash and restart',
    hosts: two,
    threads: 'at once',
    budget: { ...nothing, crashes: 2, restarts: 2 },
    cuts: [],
    begin: atRest,
    depth: 9,
    statesMin: 2200,
  },
  {
    name: 'two, cut and heal',
    hosts: two,
    threads: 'at once',
    budget: { ...nothing, cuts: 1, losses: 1 },
    cuts: [apart2, ['e1>e2'], ['e2>e1']],
    begin: atRest,
    depth: 12,
    statesMin: 2200,
  },
  {
    name: 'two, late and stalled',
    hosts: two,
    threads: 'at once',
    budget: { ...nothing, alarms: 2, stalls: 1 },
    cuts: [],
    begin: atRest,
    depth: 6,
    statesMin: 2400,
  },
  {
    name: 'two that start',
    hosts: two,
    threads: 'in turn',
    budget: { ...nothing, crashes: 1, restarts: 1, losses: 1 },
    cuts: [],
    begin: cold,
    depth: 8,
    statesMin: 2400,
  },
  {
    name: 'two sides that meet',
    hosts: two,
    threads: 'at once',
    budget: { ...nothing, crashes: 1, losses: 1, alarms: 1 },
    cuts: [],
    begin: split(apart2),
    depth: 9,
    statesMin: 2000,
  },
  {
    name: 'three, crash and restart',
    hosts: three,
    threads: 'at once',
    budget: { ...nothing, crashes: 2, restarts: 1 },
    cuts: [],
    begin: atRest,
    depth: 6,
    statesMin: 1700,
  },
  {
    name: 'three, cut and heal',
    hosts: three,
    threads: 'at once',
    budget: { ...nothing, cuts: 1, losses: 1 },
    cuts: [without1, without3, ['e1>e3'], ['e3>e1'], ['e2>e3']],
    begin: atRest,
    depth: 8,
    statesMin: 2600,
  },
  {
    name: 'three, one comes back',
    hosts: three,
    threads: 'at once',
    budget: { ...nothing, crashes: 1, losses: 1 },
    cuts: [],
    begin: split(without3),
    depth: 8,
    statesMin: 1600,
  },
  {
    name: 'three, a set is moved',
    hosts: three,
    threads: 'in turn',
    budget: { ...nothing, crashes: 1, losses: 1 },
    cuts: [],
    begin: moving,
    depth: 9,
    statesMin: 2600,
  },
  {
    name: 'three, one leaves',
    hosts: three,
    threads: 'in turn',
    budget: { ...nothing, crashes: 1, losses: 1 },
    cuts: [],
    begin: leaving,
    depth: 8,
    statesMin: 1500,
  },
  {
    name: 'three, break before make',
    hosts: three,
    threads: 'at once',
    handover: 'break-before-make',
    twice: 'never',
    budget: { ...nothing, crashes: 1 },
    cuts: [],
    begin: moving,
    depth: 9,
    statesMin: 1500,
  },
  {
    name: 'three, majority',
    hosts: three,
    threads: 'at once',
    partition: 'majority',
    budget: { ...nothing, cuts: 1, crashes: 1 },
    cuts: [without1, without3],
    begin: atRest,
    depth: 7,
    statesMin: 2000,
  },
];

export function worldOf(beginning: Beginning): World {
  const { threads, budget, begin, twice = 'for a while' } = beginning;
  const hosts = hostNames(beginning.hosts);
  const times = { heartbeatMs: 100, detectMs: 300, matureMs: 1_000 };
  return begin(newWorld({ pool: poolOf(beginning), hosts, ...times, threads, twice }, budget));
}

function poolOf({ hosts, handover = 'make-before-break', partition }: Beginning): Pool {
  return {
    version: 'v1',
    sets: ['s1', 's2'].map((name) => ({
      name: name as SetName, // of this pool
      prefer: [],
      only: null,
      apart: null,
      failbackMs: null,
      handover,
    })),
    weights: new Map(),
    hostsExpected: hosts.length,
    balance: { mode: 'on-demand', movesMax: 1, everyMs: 30_000 },
    majority: partition === 'majority' ? { hosts: hostNames(hosts), claimDelayMs: 350 } : undefined,
  };
}

/** All are started, and nothing has arrived. */
function cold(world: World): World {
  const before = world.left;
  let next: World = { ...world, left: { ...before, restarts: world.nodes.length } };
  for (const { host } of world.nodes) next = apply(next, { kind: 'restart', host }) ?? next;
  return { ...next, left: before };
}

function atRest(world: World): World {
  return complete(cold(world)).world;
}

/** Each side serves on its own. */
function split(links: readonly string[]): (world: World) => World {
  return (world) => complete({ ...atRest(world), cuts: new Set(links) }).world;
}

/** An operator has just asked the coordinator to move a set to another host. */
function moving(world: World): World {
  const rest = atRest(world);
  const holder = rest.nodes.find(({ held }) => held.includes('s1' as SetName))?.host; // of this pool
  const to = rest.nodes.findLast(({ host }) => host !== holder)?.host ?? rest.options.hosts[0];
  if (to === undefined) return rest;
  return tell(rest, 'e1', (doing) =>
    doing.main({ kind: 'command', id: 1, command: { kind: 'move', set: 's1' as SetName, host: to } }),
  );
}

/** The one that coordinates has just been asked to stop. */
function leaving(world: World): World {
  return tell(atRest(world), 'e1', (doing) => doing.main({ kind: 'leave' }));
}
