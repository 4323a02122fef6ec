import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { heldTwiceMs, spansOf } from '../../../agent/lab/holdings.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { bringUp, deadlineMs, poolAddresses, poolAddressesOn } from './standing-cluster.ts';

// Real agents under partition = "majority": three hosts, the third of them one that only counts. One story, in order.
let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: 3 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  cluster = await makeCluster(lab, {
    settings: 'partition = "majority"\ndamping.mode = "off"',
    witnesses: ['e3'],
    sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n',
  });
  await bringUp(cluster);
});

afterAll(async () => lab?.dispose());

/** When each address of `from` was gone there, and when it was on `to`, ms. */
async function handedOver(from: LabHost, to: LabHost, sinceMs: number): Promise<{ goneMs: number; claimedMs: number }> {
  const all = poolAddresses(cluster);
  await cluster.watch.until(`${to.name} to hold everything`, deadlineMs, () =>
    all.every((address) => cluster.watch.holders(address).join() === to.name),
  );
  await cluster.watch.sync();
  const events = cluster.watch.events.filter(({ atMs, address }) => atMs >= sinceMs && all.includes(address));
  const gone = events.filter(({ host, kind }) => host === from.name && kind === 'gone').map(({ atMs }) => atMs);
  const claimed = events.filter(({ host, kind }) => host === to.name && kind === 'held').map(({ atMs }) => atMs);
  return { goneMs: Math.max(...gone), claimedMs: Math.min(...claimed) };
}

describe('partition = "majority" with two hosts and a witness', () => {
  it('the witness owns nothing, and shows itself as one', async () => {
    expect([...cluster.lab.hosts].map((host) => poolAddressesOn(cluster, host).length)).toEqual([2, 2, 0]);
    const { members } = await cluster.status(e1);
    expect(members.map(({ witness }) => witness)).toEqual([false, false, true]);
  });

  it('a host that is cut off has let go before the side with the witness claims, and nothing is held twice', async () => {
    const sinceMs = monotonicMs();
    await Promise.all([lab.block(e1, 'any'), lab.block('any', e1)]);
    const { goneMs, claimedMs } = await handedOver(e1, e2, sinceMs);
    expect(goneMs).toBeLessThan(claimedMs);
    const twice = poolAddresses(cluster).map((address) =>
      heldTwiceMs(spansOf(cluster.watch.events, address, sinceMs, monotonicMs())),
    );
    expect(Math.max(...twice)).toBe(0);
    console.log(`cut off: let go ${(claimedMs - goneMs).toFixed(0)} ms before the others claimed`);
    const { quorum, sets } = await cluster.status(e1);
    expect(quorum).toEqual({ present: 1, voters: 3, needed: 2 });
    expect(sets.every(({ reason }) => reason.startsWith('this side has 1 of 3 hosts'))).toBe(true);
  });

  it('at the heal nothing moves, and nothing is held twice', async () => {
    const sinceMs = monotonicMs();
    await bringUp(cluster);
    await cluster.watch.sync();
    const pool = poolAddresses(cluster);
    expect(
      cluster.watch.events.filter(
        ({ atMs, address, kind }) => atMs >= sinceMs && pool.includes(address) && kind === 'gone',
      ),
    ).toEqual([]);
    expect(poolAddressesOn(cluster, e2)).toHaveLength(4);
  });

  it('without the witness and the other host, one alone holds nothing; with the witness back it serves', async () => {
    const witness = lab.host('e3');
    await lab.cutPower(witness);
    await cluster.command(e1, 'balance');
    await cluster.covered(deadlineMs);
    await lab.cutPower(e1);
    await cluster.watch.until('nobody to hold anything', deadlineMs, () =>
      poolAddresses(cluster).every((address) => cluster.watch.holders(address).length === 0),
    );
    await lab.restorePower(witness);
    await cluster.start(witness);
    await cluster.covered(deadlineMs);
    expect(poolAddressesOn(cluster, e2)).toHaveLength(4);
  });
}, 60_000);
