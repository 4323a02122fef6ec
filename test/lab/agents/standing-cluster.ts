/** A lab with a cluster for the tests of one file, and how it comes to rest between them. */
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Cluster, type ClusterOptions, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost, type LabOptions } from '../../../agent/lab/lab.ts';

/** For whatever takes well under a second on a machine that is not busy. */
export const deadlineMs = 15_000;

/** Hosts die in these tests again and again, and are to have sets all the same; test/lab/agents/damping.test.ts is about the other way. */
const undamped = 'damping.mode = "off"';

/** Made before the tests of the file, disposed of after them, however they or the making end. */
export function useCluster(options: ClusterOptions & LabOptions): () => Cluster {
  let lab: Lab | undefined;
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    lab = await createLab(options);
    cluster = await makeCluster(lab, { ...options, settings: `${undamped}\n${options.settings ?? ''}` });
  });
  afterAll(async () => lab?.dispose());
  return () => {
    if (cluster === undefined) throw new Error('The cluster is made when the tests begin');
    return cluster;
  };
}

/** Every host has power and an agent, all see each other, every set is held once. */
export async function bringUp(cluster: Cluster, hosts: readonly LabHost[] = cluster.lab.hosts): Promise<void> {
  await cluster.lab.unblockAll();
  const asleep = hosts.filter((host) => !cluster.live.includes(host));
  await Promise.all(asleep.map((host) => cluster.lab.restorePower(host)));
  await Promise.all(asleep.map((host) => cluster.start(host)));
  await Promise.all(hosts.map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
}

/** Where the agent of a host listens for commands. */
export function controlOf(host: LabHost): string {
  return join(host.runDirectory, 'control.sock');
}

/** The sets that each kernel has, by host, as `ip -j addr` lists them; one that is not there in full has a `?`. */
export async function setsInKernels(cluster: Cluster): Promise<Readonly<Record<string, readonly string[]>>> {
  const entries = cluster.lab.hosts.map(async (host) => {
    const there = (await cluster.lab.addresses(host)).map(
      (each) => `${each.interface} ${each.address}/${each.prefixLength}`,
    );
    const names = cluster.sets.flatMap((set) => {
      const wanted = set.addresses.map((each) => `${each.interface} ${each.address}/${each.prefixLength}`);
      const found = wanted.filter((each) => there.includes(each));
      if (found.length === 0) return [];
      return [found.length === wanted.length ? set.name : `${set.name}?`];
    });
    return [host.name, names] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Sets by host that has all of them in its kernel: `[2, 2, 2]`. */
export async function spread(cluster: Cluster): Promise<readonly number[]> {
  const sets = await setsInKernels(cluster);
  return cluster.lab.hosts.map((host) => sets[host.name]?.filter((name) => !name.endsWith('?')).length ?? 0);
}

/** Every address of the pool. */
export function poolAddresses(cluster: Cluster): readonly string[] {
  return cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address));
}

/** Those that a host's kernel has. */
export function poolAddressesOn(cluster: Cluster, host: LabHost): readonly string[] {
  const there = cluster.watch.heldBy(host.name);
  return poolAddresses(cluster).filter((address) => there.includes(address));
}
