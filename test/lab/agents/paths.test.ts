import { beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import type { Lab, LabHost } from '../../../agent/lab/lab.ts';
import type { Wiring } from '../../../agent/lab/network.ts';
import { bringUp, deadlineMs, setsInKernels, useCluster } from './standing-cluster.ts';

// Hosts with two networks, of which one host loses one, then the other, then both. One story, in order.
const theCluster = useCluster({
  hosts: 3,
  segments: 2,
  sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.106"\nprefix = 24\n',
});
const membershipPort = 4807;

let cluster: Cluster;
let lab: Lab;
let e1: LabHost;
let e2: LabHost;
let second: Wiring;

beforeAll(async () => {
  cluster = theCluster();
  lab = cluster.lab;
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  if (e1.second === null) throw new Error('The lab has one segment');
  second = e1.second;
  await bringUp(cluster);
});

/** Paths of members that are lost, as a host sees them. */
async function lostAt(host: LabHost): Promise<readonly string[]> {
  const { members } = await cluster.status(host);
  return members.flatMap(({ state, paths }) =>
    state === 'member' ? paths.flatMap(({ address, lost }) => (lost ? [address] : [])) : [],
  );
}

async function untilLost(host: LabHost, addresses: readonly string[]): Promise<void> {
  await expect.poll(() => lostAt(host), { timeout: deadlineMs }).toEqual(addresses);
}

async function viewOf(host: LabHost): Promise<string | undefined> {
  return (await cluster.status(host)).view?.id;
}

describe('a host with two paths', () => {
  it('without the second one stays a member, nothing moves, and both ends say what is lost', async () => {
    const [view, sets] = [await viewOf(e2), await setsInKernels(cluster)];
    expect(await lostAt(e2)).toEqual([]);
    await lab.unplug(e1, second);
    await untilLost(e2, ['10.78.0.1']);
    await untilLost(e1, ['10.78.0.2', '10.78.0.3']);
    expect([await viewOf(e2), await setsInKernels(cluster)]).toEqual([view, sets]);
    const { status, stdout } = await cluster.command(e2, 'status');
    expect(status).toBe(1);
    expect(stdout).toMatch(/! e1 is not heard on 10\.78\.0\.1 \(silent for \d+ s\)/);
    const logged = (text: string): Promise<void> =>
      expect.poll(() => cluster.log(e2), { timeout: deadlineMs }).toContain(text);
    // The journal looks once a second: a loss that ends before it looks is none to it.
    await logged('warning: e1 is not heard on 10.78.0.1, only on another path');
    await lab.plug(e1, second);
    await untilLost(e2, []);
    await logged('e1 is heard on 10.78.0.1 again');
  });

  it('without heartbeats on the first one is a member by the second', async () => {
    const [view, sets] = [await viewOf(e2), await setsInKernels(cluster)];
    await lab.block(e1, 'any', { udpPort: membershipPort });
    await lab.block('any', e1, { udpPort: membershipPort });
    await untilLost(e2, ['10.77.0.1']);
    await untilLost(e1, ['10.77.0.2', '10.77.0.3']);
    expect([await viewOf(e2), await setsInKernels(cluster)]).toEqual([view, sets]);
    await lab.unblockAll();
    await untilLost(e2, []);
    await untilLost(e1, []);
  });

  it('without both is taken over from, and is back in when they are', async () => {
    await Promise.all([lab.unplug(e1), lab.unplug(e1, second)]);
    const others = async (): Promise<readonly string[]> => {
      const { e1: _, ...rest } = await setsInKernels(cluster);
      return Object.values(rest).flat().toSorted();
    };
    await expect.poll(others, { timeout: deadlineMs }).toEqual(cluster.sets.map(({ name }) => name).toSorted());
    await Promise.all([lab.plug(e1), lab.plug(e1, second)]);
    await Promise.all(lab.hosts.map((host) => cluster.joined(host, deadlineMs)));
    await cluster.covered(deadlineMs);
    await untilLost(e2, []);
  });
});
