import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import { within } from '../../../agent/lab/deadline.ts';
import { type HoldingEvent, heldByNobodyMs, heldTwiceMs, spansOf } from '../../../agent/lab/holdings.ts';
import type { Lab, LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';
import type { PhaseReport } from '../../../agent/lab/probe-protocol.ts';
import {
  bringUp,
  deadlineMs,
  poolAddresses,
  poolAddressesOn,
  setsInKernels,
  spread,
  useCluster,
} from './standing-cluster.ts';

/** What the kernel adds to a lifetime of 6 s is at most 1.25 s. */
const lifetimeDeadlineMs = 12_000;
/** At defaults it is under 450 ms, which the benchmark measures; this is a busy machine. */
const silenceMsMax = 2_000;

/** Six sets: five of one address, one of them IPv6, and one of two addresses. */
const sets = `
[pool.web]
interface = "eth0"
range = "10.77.0.101-10.77.0.104"
prefix = 24

[set.mail]
interface = "eth0"
addresses = ["10.77.0.105/24", "fd77::105/64"]

[set.v6]
interface = "eth0"
addresses = ["fd77::106/64"]
`;

const theCluster = useCluster({ hosts: 3, sets });
let cluster: Cluster;
let lab: Lab;
let e1: LabHost;
let probing: Probing;

beforeAll(async () => {
  cluster = theCluster();
  lab = cluster.lab;
  e1 = lab.host('e1');
  await bringUp(cluster);
  probing = await startProbing(lab.client.namespace, { addresses: poolAddresses(cluster) });
});

/** Two sets on every host, and all addresses answer the client. */
beforeEach(async () => {
  await bringUp(cluster);
  await balance();
  await cluster.covered(deadlineMs);
  await probing.allAnswering(deadlineMs);
  expect(await spread(cluster)).toEqual([2, 2, 2]);
});

async function balance(): Promise<void> {
  expect(await cluster.command(e1, 'balance')).toMatchObject({ status: 0, stderr: '' });
}

/** What a client that asks all the time sees of it. */
async function seenByClient(phase: string, act: () => Promise<unknown>): Promise<PhaseReport> {
  probing.begin(phase);
  await act();
  return probing.end(phase);
}

function unanswered(report: PhaseReport): readonly string[] {
  return report.addresses.filter(({ lost }) => lost > 0).map(({ address, lost }) => `${address}: ${lost}`);
}

/** What changed in the kernels since then, as far as the pool is concerned. */
async function changesSince(sinceMs: number): Promise<readonly HoldingEvent[]> {
  await cluster.watch.sync();
  expect(cluster.watch.problems).toEqual([]);
  const pool = poolAddresses(cluster);
  return cluster.watch.events.filter(({ atMs, address }) => atMs >= sinceMs && pool.includes(address));
}

/** Addresses that no kernel had for some time since then. */
async function uncoveredSince(sinceMs: number): Promise<readonly string[]> {
  await cluster.watch.sync();
  return poolAddresses(cluster).filter((address) => heldByNobodyMs(spansSince(address, sinceMs)) > 0);
}

function spansSince(address: string, sinceMs: number): ReturnType<typeof spansOf> {
  return spansOf(cluster.watch.events, address, sinceMs, monotonicMs());
}

/** Resolves when hosts other than this one hold all its addresses. */
async function takenOverFrom(host: LabHost, addresses: readonly string[]): Promise<void> {
  await cluster.watch.until(`others to hold what ${host.name} held`, deadlineMs, () =>
    addresses.every((address) => cluster.watch.holders(address).some((name) => name !== host.name)),
  );
}

async function ended(host: LabHost, signal: NodeJS.Signals): Promise<number | null> {
  const agent = cluster.agent(host);
  agent.signal(signal);
  return (await within(deadlineMs, `the agent of ${host.name} to end`, agent.ended)).status;
}

async function coordinator(): Promise<LabHost> {
  return lab.host((await cluster.status(e1)).view?.coordinator ?? '');
}

async function anotherMember(): Promise<LabHost> {
  const first = await coordinator();
  const other = lab.hosts.find((host) => host !== first);
  if (other === undefined) throw new Error('one host has no others');
  return other;
}

describe('three agents', () => {
  it('have two of the six sets each, every address of a set on one host, as the kernels say', async () => {
    const bySet = Object.values(await setsInKernels(cluster)).flat();
    expect(bySet.toSorted()).toEqual(['mail', 'v6', 'web-01', 'web-02', 'web-03', 'web-04']);
    expect(cluster.faults()).toEqual([]);
  });
});

describe.each([
  ['the coordinator', coordinator],
  ['another member', anotherMember],
])('a power cut of %s', (_, chosen) => {
  it('moves its sets to the others, and nothing else', async () => {
    const lostHost = await chosen();
    const lost = poolAddressesOn(cluster, lostHost);
    const cutMs = monotonicMs();
    const report = await seenByClient('power cut', async () => {
      await lab.cutPower(lostHost);
      await cluster.covered(deadlineMs);
      await probing.allAnswering(deadlineMs);
    });
    const changes = await changesSince(cutMs);
    expect([...new Set(changes.map(({ address }) => address))].toSorted()).toEqual(lost.toSorted());
    expect(changes.filter(({ host }) => host !== lostHost.name).map(({ kind }) => kind)).toEqual(
      lost.map(() => 'held'),
    );
    expect((await spread(cluster)).toSorted()).toEqual([0, 3, 3]);
    const silences = report.addresses.map(({ address, longestSilenceMs }) => ({ address, longestSilenceMs }));
    expect(silences.filter(({ longestSilenceMs }) => longestSilenceMs > silenceMsMax)).toEqual([]);
  });

  it('and its return move nothing back and lose no probe', async () => {
    const lostHost = await chosen();
    await lab.cutPower(lostHost);
    await cluster.covered(deadlineMs);
    await probing.allAnswering(deadlineMs);
    const returnMs = monotonicMs();
    const report = await seenByClient('return', async () => {
      await lab.restorePower(lostHost);
      await cluster.start(lostHost);
      await cluster.joined(lostHost, deadlineMs);
    });
    expect(await changesSince(returnMs)).toEqual([]);
    expect(poolAddressesOn(cluster, lostHost)).toEqual([]);
    expect(unanswered(report)).toEqual([]);
  });
});

describe('holdfast balance', () => {
  it('spreads the sets evenly again, by the fewest moves, and loses no probe', async () => {
    const host = await anotherMember();
    expect(await ended(host, 'SIGTERM')).toBe(0);
    await bringUp(cluster);
    await probing.allAnswering(deadlineMs);
    expect((await spread(cluster)).toSorted()).toEqual([0, 3, 3]);
    const beganMs = monotonicMs();
    const report = await seenByClient('balance', balance);
    expect(await spread(cluster)).toEqual([2, 2, 2]);
    const gained = (await changesSince(beganMs)).filter(({ kind }) => kind === 'held');
    expect(new Set(gained.map((event) => event.host))).toEqual(new Set([host.name]));
    expect(await uncoveredSince(beganMs)).toEqual([]);
    expect(unanswered(report)).toEqual([]);
  });
});

describe.each([
  ['the coordinator', coordinator],
  ['another member', anotherMember],
])('SIGTERM of %s', (_, chosen) => {
  it('hands its sets over, make before break, and ends with status 0; no probe is lost', async () => {
    const host = await chosen();
    const before = poolAddressesOn(cluster, host);
    const beganMs = monotonicMs();
    const report = await seenByClient('stop', async () => {
      expect(await ended(host, 'SIGTERM')).toBe(0);
    });
    expect(await lab.addresses(host)).toEqual([]);
    expect(cluster.faults()).toEqual([]);
    expect(await uncoveredSince(beganMs)).toEqual([]);
    expect(before.filter((address) => heldTwiceMs(spansSince(address, beganMs)) === 0)).toEqual([]);
    expect(unanswered(report)).toEqual([]);
  });
});

describe('SIGTERM and, before it has handed over, SIGINT', () => {
  it('releases everything at once; the others take over', async () => {
    const host = await anotherMember();
    cluster.agent(host).signal('SIGTERM');
    expect(await ended(host, 'SIGINT')).toBe(0);
    expect(await lab.addresses(host)).toEqual([]);
    await cluster.covered(deadlineMs);
    expect(await lab.addresses(host)).toEqual([]);
  });
});

describe('SIGKILL of an agent', () => {
  it('lets the others take over; nothing of it stays in its kernel', async () => {
    const host = await anotherMember();
    const left = poolAddressesOn(cluster, host);
    await ended(host, 'SIGKILL');
    await takenOverFrom(host, left);
    await cluster.covered(lifetimeDeadlineMs);
    expect(await lab.addresses(host)).toEqual([]);
  });
});

describe('SIGKILL of everything that runs on a host', () => {
  /** The kernel lives on, with addresses that nobody looks after. @returns those */
  function killAllOn(host: LabHost): readonly string[] {
    const left = poolAddressesOn(cluster, host);
    host.namespace.killAll([], new Set(cluster.watch.monitorPids));
    return left;
  }

  it('leaves addresses that answer until their lifetime ends, and are taken over then', async () => {
    const host = await anotherMember();
    const left = killAllOn(host);
    await takenOverFrom(host, left);
    await cluster.covered(lifetimeDeadlineMs);
    expect(await lab.addresses(host)).toEqual([]);
  });

  it('leaves addresses that the next run of the agent removes at its start', async () => {
    const host = await anotherMember();
    const left = killAllOn(host);
    const restartMs = monotonicMs();
    await cluster.start(host);
    await cluster.joined(host, deadlineMs);
    await cluster.covered(deadlineMs);
    expect(cluster.log(host)).toContain(`removing ${left.length} addresses that an agent before this one left behind`);
    const changes = (await changesSince(restartMs)).map(
      ({ host: name, kind, address }) => `${name} ${kind} ${address}`,
    );
    for (const address of left) expect(changes).toContain(`${host.name} gone ${address}`);
  });
});

describe('SIGTERM of all agents', () => {
  it('leaves no address in any kernel; all end with status 0', async () => {
    expect(await Promise.all(lab.hosts.map((host) => ended(host, 'SIGTERM')))).toEqual([0, 0, 0]);
    expect(await Promise.all(lab.hosts.map((host) => lab.addresses(host)))).toEqual([[], [], []]);
  });
});
