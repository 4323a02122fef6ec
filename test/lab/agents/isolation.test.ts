import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { heldTwiceMs, spansOf } from '../../../agent/lab/holdings.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { bringUp, deadlineMs, poolAddresses, poolAddressesOn } from './standing-cluster.ts';

// Real agents under partition = "serve" with a witness address: two hosts, and the client in the place of a router. One story, in order.
let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;

/** docs/operating.md: two rounds of 250 ms, two heartbeats and 150 ms. */
const overlapMsMax = 850;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  const [router] = lab.client.wiring.addresses[0].split('/');
  cluster = await makeCluster(lab, {
    settings: `witness_addresses = ["${router}"]\ndamping.mode = "off"`,
    sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n',
  });
  await bringUp(cluster);
});

afterAll(async () => lab?.dispose());

describe('witness_addresses with two hosts and a router', () => {
  it('a host that is cut off without losing its carrier lets go, the other serves', async () => {
    const sinceMs = monotonicMs();
    await Promise.all([lab.block(e1, 'any'), lab.block('any', e1)]);
    const all = poolAddresses(cluster);
    await cluster.watch.until('e2 alone to hold everything', deadlineMs, () =>
      all.every((address) => cluster.watch.holders(address).join() === 'e2'),
    );
    await cluster.watch.sync();
    const twice = all.map((address) => heldTwiceMs(spansOf(cluster.watch.events, address, sinceMs, monotonicMs())));
    console.log(`cut off: held twice for ${Math.max(...twice).toFixed(0)} ms`);
    expect(Math.max(...twice)).toBeLessThan(overlapMsMax);
    let seen = await cluster.status(e1);
    // It may have let go for another reason first: one of two that hears nobody stands back for the other.
    for (const end = monotonicMs() + deadlineMs; !seen.isolated && monotonicMs() < end; )
      seen = await cluster.status(e1);
    expect(seen.isolated).toBe(true);
    expect(seen.sets.every(({ reason }) => reason.startsWith('this host hears no other'))).toBe(true);
    expect((await cluster.status(e2)).isolated).toBe(false);
  });

  it('at the heal nothing moves', async () => {
    const sinceMs = monotonicMs();
    await bringUp(cluster);
    await cluster.watch.sync();
    const pool = poolAddresses(cluster);
    expect(cluster.watch.events.filter(({ atMs, address }) => atMs >= sinceMs && pool.includes(address))).toEqual([]);
    expect(poolAddressesOn(cluster, e2)).toHaveLength(4);
    expect((await cluster.status(e1)).isolated).toBe(false);
  });
}, 60_000);
