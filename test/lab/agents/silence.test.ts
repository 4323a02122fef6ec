import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDuration } from '../../../agent/config/duration.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';

// Real agents, and a firewall rule on the switch that stops nothing but their heartbeats. One story, in order.
const deadlineMs = 15_000;
const membershipPort = 4807;
/** Longer than every time in the protocol that could end it by itself; HOLDFAST_BLOCKED=5m for more. */
const blockedMs = parseDuration(process.env.HOLDFAST_BLOCKED ?? '') ?? 10_000;
/** For longer than three rounds of probes in vain would take. */
const oneWayMs = 1_000;

let lab: Lab;
let cluster: Cluster;
let probing: Probing;
let hosts: readonly LabHost[];

beforeAll(async () => {
  lab = await createLab({ hosts: 3 });
  hosts = lab.hosts;
  cluster = await makeCluster(lab, {
    sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.106"\nprefix = 24\n',
  });
  await Promise.all(hosts.map((host) => cluster.start(host)));
  await Promise.all(hosts.map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
  probing = await startProbing(lab.client.namespace, {
    addresses: cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address)),
  });
  await probing.allAnswering(deadlineMs);
});

afterAll(async () => lab.dispose());

function holders(): Readonly<Record<string, string>> {
  return Object.fromEntries(cluster.sets.map((set) => [set.name, cluster.holders(set).join(' ')]));
}

async function untilView(host: LabHost, members: number): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const status = await cluster.status(host).catch(() => null); // it may just have been started
    if (status?.members.filter(({ state }) => state === 'member').length === members) return;
    if (performance.now() > end) throw new Error(`${host.name} is in no view of ${members}: ${cluster.log(host)}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

function setsOf(host: LabHost): readonly string[] {
  return Object.entries(holders()).flatMap(([name, holder]) => (holder === host.name ? [name] : []));
}

/** e1, which leads, comes anew, and is then alone with what is blocked. */
async function newLeaderAlone(): Promise<void> {
  const [e1, e3] = [lab.host('e1'), lab.host('e3')];
  const before = cluster.agent(e1);
  before.signal('SIGTERM');
  await before.ended;
  await untilView(e3, 1);
  await cluster.start(e1);
  await untilView(e3, 2);
  await untilView(e1, 2);
  await new Promise((over) => setTimeout(over, oneWayMs)); // it leads, and could claim
  const last = cluster.agent(e3);
  last.signal('SIGTERM'); // its power cut, the two that do not hear each other could both take over what it had
  await last.ended;
  await untilView(e1, 1);
}

describe('when heartbeats alone are blocked', () => {
  it(
    'every set stays with its one owner, no probe is lost, and all say what is wrong',
    async () => {
      const before = holders();
      const e2 = lab.host('e2');
      probing.begin('blocked');
      await lab.block(e2, 'any', { udpPort: membershipPort });
      await lab.block('any', e2, { udpPort: membershipPort });
      await Promise.all([untilView(e2, 1), untilView(lab.host('e1'), 2), untilView(lab.host('e3'), 2)]);
      await new Promise((over) => setTimeout(over, blockedMs));
      expect(holders()).toEqual(before);
      for (const host of hosts) {
        const { sets } = await cluster.status(host);
        const answered = sets.filter(({ answeredBy }) => answeredBy !== null);
        expect(answered.map(({ name, answeredBy }) => [name, answeredBy])).toEqual(
          Object.entries(before).filter(([, owner]) => (owner === 'e2') !== (host.name === 'e2')),
        );
        const command = await cluster.command(host, 'status');
        expect(command).toMatchObject({ status: 1, stdout: expect.stringContaining('is silent but answers for it') });
        expect(cluster.log(host)).toContain('is silent but still answers for it');
      }
      expect((await probing.end('blocked')).addresses.map(({ lost }) => lost)).toEqual([0, 0, 0, 0, 0, 0]);
    },
    30_000 + blockedMs,
  );

  it('nothing moves and no probe is lost when they pass again', async () => {
    const before = holders();
    probing.begin('healed');
    await lab.unblockAll();
    await Promise.all(hosts.map((host) => cluster.joined(host, deadlineMs)));
    expect(holders()).toEqual(before);
    expect((await probing.end('healed')).addresses.map(({ lost }) => lost)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each(['from', 'to'] as const)(
    'every set stays with its one owner where they are blocked one way: %s it',
    async (way) => {
      const before = holders();
      const e2 = lab.host('e2');
      expect(Object.values(before)).toContain('e2');
      probing.begin(way);
      if (way === 'from') await lab.block(e2, 'any', { udpPort: membershipPort });
      else await lab.block('any', e2, { udpPort: membershipPort });
      await Promise.all([untilView(e2, 1), untilView(lab.host('e1'), 2), untilView(lab.host('e3'), 2)]);
      await new Promise((over) => setTimeout(over, oneWayMs));
      expect(holders()).toEqual(before);
      expect(cluster.log(e2).includes('keeps what it has, which they leave to it')).toBe(true);
      await lab.unblockAll();
      await Promise.all(hosts.map((host) => cluster.joined(host, deadlineMs)));
      expect(holders()).toEqual(before);
      expect((await probing.end(way)).addresses.map(({ lost }) => lost)).toEqual([0, 0, 0, 0, 0, 0]);
    },
  );

  it('what stops answering while it is silent is taken over', async () => {
    const e2 = lab.host('e2');
    await lab.block(e2, 'any', { udpPort: membershipPort });
    await lab.block('any', e2, { udpPort: membershipPort });
    await untilView(lab.host('e1'), 2);
    const itsSets = setsOf(e2);
    expect(itsSets).not.toEqual([]);
    await newLeaderAlone();
    expect(setsOf(e2)).toEqual(itsSets);
    await cluster.covered(2_000);
    await lab.cutPower(e2);
    await cluster.covered(2_000);
    expect(setsOf(lab.host('e1'))).toEqual(cluster.sets.map(({ name }) => name));
  });
});
