/** What the largest group costs its coordinator: one assignment of 4,096 sets to 64 members, without any network. */
import { createHash } from 'node:crypto';
import { type HostName, type InstantMs, type MemberId, memberId, type View } from '../../agent/membership/view.ts';
import { type AssignmentInput, assign } from '../../agent/ownership/assignment.ts';
import type { Candidate } from '../../agent/ownership/candidates.ts';
import type { Grant, SetName } from '../../agent/ownership/grant.ts';
import type { Holder } from '../../agent/ownership/keeper.ts';
import type { Assignment } from '../../agent/ownership/message.ts';
import { noOrders, type Orders } from '../../agent/ownership/orders.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import { type Spread, spreadOf } from './statistics.ts';

export type AssignmentCost = { readonly what: string; readonly ms: Spread; readonly cpuMs: Spread };

const membersMax = 64;
const setsMax = 4096;

/** @param times each is done; the first one, which compiles the code, is not counted */
export function measureAssignments(times: number): readonly AssignmentCost[] {
  const all = membersOf(membersMax);
  const first = assign(inputOf(all, new Map(), noOrders));
  const survivors = all.slice(1);
  const takeover = inputOf(survivors, byOwner(first), noOrders);
  const balance = inputOf(all, byOwner(assign(takeover)), { ...noOrders, balance: { kind: 'asked' } });
  const cases = [
    { what: 'nobody has anything', input: inputOf(all, new Map(), noOrders) },
    { what: 'one host is gone', input: takeover },
    { what: 'it is back, and all is balanced', input: balance },
  ];
  return cases.map(({ what, input }) => ({ what, ...timesOf(() => assign(input), times) }));
}

function timesOf(work: () => unknown, times: number): { readonly ms: Spread; readonly cpuMs: Spread } {
  const taken: { ms: number; cpuMs: number }[] = [];
  for (let time = 0; time <= times; time++) {
    const cpu = process.cpuUsage();
    const beganMs = performance.now();
    work();
    const ms = performance.now() - beganMs;
    const { user, system } = process.cpuUsage(cpu);
    if (time > 0) taken.push({ ms, cpuMs: (user + system) / 1000 });
  }
  return { ms: spreadOf(taken.map(({ ms }) => ms)), cpuMs: spreadOf(taken.map(({ cpuMs }) => cpuMs)) };
}

const now = 0 as InstantMs;

function membersOf(count: number): readonly MemberId[] {
  return Array.from({ length: count }, (_, at) => {
    const host = `host-${String(at + 1).padStart(2, '0')}`;
    return memberId(host as HostName, createHash('sha256').update(host).digest('hex').slice(0, 32));
  });
}

function inputOf(
  members: readonly MemberId[],
  previous: ReadonlyMap<SetName, Assignment>,
  orders: Orders,
): AssignmentInput {
  const [leader] = members;
  if (leader === undefined) throw new RangeError('Nobody is there');
  const view: View = { id: { counter: 1 + previous.size, leader }, level: 1, members, together: members };
  const grant: Grant = { view: view.id, n: 1 };
  return {
    ...{ pool, view, previous, orders, now, grant },
    candidates: members.map(candidateOf),
    holders: new Map([...previous].flatMap(([set, assignment]) => holdersOf(set, assignment, members))),
    ...{ lettingGo: new Map(), waiting: new Map(), minority: null },
    ...{ decidedInView: false, mature: true, frozen: false, fenced: false },
  };
}

const pool: Pool = {
  version: 'bench',
  sets: Array.from({ length: setsMax }, (_, at) => ({
    name: `set-${String(at + 1).padStart(4, '0')}` as SetName,
    ...{ prefer: [], only: null, apart: null, failbackMs: null, handover: 'make-before-break' },
  })),
  weights: new Map(),
  hostsExpected: membersMax,
  balance: { mode: 'on-demand', movesMax: 2, everyMs: 30_000 },
};

function candidateOf(member: MemberId): Candidate {
  return {
    ...{
      member,
      host: (member.split('/')[0] ?? '') as HostName,
      weight: 100,
      sets: null,
      unable: new Map(),
      since: now,
    },
    ...{ leaving: false, drained: false, abandoning: false, witness: false, damped: false, recovered: new Map() },
  };
}

function holdersOf(
  set: SetName,
  { owner, grant }: Assignment,
  members: readonly MemberId[],
): readonly (readonly [SetName, readonly Holder[]])[] {
  if (owner === null || !members.includes(owner)) return [];
  return [[set, [{ member: owner, grant, pinned: false, side: 'ours', sideSize: members.length }]]];
}

function byOwner(assignments: readonly Assignment[]): ReadonlyMap<SetName, Assignment> {
  return new Map(assignments.map((each) => [each.set, each]));
}
