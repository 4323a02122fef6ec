import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Capture } from '../../../agent/lab/capture.ts';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import { labEnvironment } from '../../../agent/lab/command.ts';
import type { Lab, LabHost } from '../../../agent/lab/lab.ts';
import { bringUp, deadlineMs, poolAddresses, spread, useCluster } from './standing-cluster.ts';

// The tests are one story: two of three agents, the third later, the first without power.
const theCluster = useCluster({
  hosts: 3,
  settings: 'discovery = "hosts"\nmature = "1s"', // so that two begin to serve soon
  sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n',
});
let cluster: Cluster;
let lab: Lab;
let hosts: { readonly e1: LabHost; readonly e2: LabHost; readonly e3: LabHost };
let capture: Capture;

beforeAll(async () => {
  cluster = theCluster();
  lab = cluster.lab;
  hosts = { e1: lab.host('e1'), e2: lab.host('e2'), e3: lab.host('e3') };
  capture = await lab.capture(hosts.e1, 'udp port 4807', join(lab.directory, 'heartbeats.pcap'));
  await bringUp(cluster, [hosts.e1, hosts.e2]);
});

async function membersSeenBy(host: LabHost): Promise<readonly string[]> {
  const { members } = await cluster.status(host);
  return members.filter(({ state }) => state === 'member').map((member) => member.host);
}

describe('discovery = "hosts"', () => {
  it('forms one group of those that run, which share the sets', async () => {
    expect(await membersSeenBy(hosts.e1)).toEqual(['e1', 'e2']);
    expect(await membersSeenBy(hosts.e2)).toEqual(['e1', 'e2']);
    expect(await spread(cluster)).toEqual([2, 2, 0]);
  });

  it('sends to the hosts of the file only, also to one that is not there yet, and nothing by multicast', async () => {
    await capture.stop();
    const text = execFileSync('tcpdump', ['-n', '-r', capture.file], {
      encoding: 'utf8',
      env: labEnvironment,
      stdio: 'pipe',
    });
    const pairs = new Set([...text.matchAll(/IP (\S+)\.4807 > (\S+)\.4807:/g)].map(([, from, to]) => `${from} ${to}`));
    expect([...pairs].toSorted()).toEqual(['10.77.0.1 10.77.0.2', '10.77.0.1 10.77.0.3', '10.77.0.2 10.77.0.1']);
  });

  it('lets a host join later with nothing changed on the others, and moves nothing for it', async () => {
    const file = readFileSync(cluster.configFile, 'utf8');
    const [one, two] = await Promise.all([cluster.status(hosts.e1), cluster.status(hosts.e2)]);
    await cluster.watch.sync();
    const changesBefore = cluster.watch.events.length;
    await bringUp(cluster);
    for (const host of lab.hosts) expect(await membersSeenBy(host)).toEqual(['e1', 'e2', 'e3']);
    expect((await cluster.status(hosts.e1)).member).toBe(one.member);
    expect((await cluster.status(hosts.e2)).member).toBe(two.member);
    expect(readFileSync(cluster.configFile, 'utf8')).toBe(file);
    await cluster.watch.sync();
    const changed = cluster.watch.events.slice(changesBefore).map(({ address }) => address);
    expect(poolAddresses(cluster).filter((address) => changed.includes(address))).toEqual([]);
  });

  it('takes over from a host without power', async () => {
    await lab.cutPower(hosts.e1);
    await cluster.covered(deadlineMs);
    expect(await spread(cluster)).toEqual([0, 2, 2]);
    await cluster.joined(hosts.e3, deadlineMs);
    expect(await membersSeenBy(hosts.e3)).toEqual(['e2', 'e3']);
  });
});
