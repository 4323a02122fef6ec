import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Capture } from '../../../agent/lab/capture.ts';
import { DeadlineError } from '../../../agent/lab/deadline.ts';
import { announcedBy, type Frame } from '../../../agent/lab/frames.ts';
import { bringUp, deadlineMs, poolAddressesOn, useCluster } from './standing-cluster.ts';

// 936 sets of one address, and one set of as many as a set may have.
const many = Array.from({ length: 64 }, (_, at) => `"10.77.12.${1 + at}/21"`);
// Patience for a machine that is busy with three of them: what is looked at here is what comes out, not when.
const theCluster = useCluster({
  hosts: 3,
  settings: 'detect = "2s"\nhang = "2s"',
  sets:
    '[pool.edge]\ninterface = "eth0"\nrange = "10.77.8.1-10.77.11.168"\nprefix = 21\n' +
    `[set.many]\ninterface = "eth0"\naddresses = [${many.join(', ')}]\n`,
});
const addresses = 1000;

beforeAll(async () => bringUp(theCluster()), 30_000);

/** Every announcement, oldest first, once all of `wanted` were announced. */
async function announced(capture: Capture, wanted: readonly string[]): Promise<readonly Frame[]> {
  const giveUp = AbortSignal.timeout(deadlineMs);
  for (;;) {
    const frames = (await theCluster().lab.frames(capture)).filter((frame) => announcedBy(frame) !== null);
    const seen = new Set(frames.map(announcedBy));
    if (wanted.every((address) => seen.has(address))) return frames;
    if (giveUp.aborted) throw new DeadlineError('every address to be announced', deadlineMs);
  }
}

describe('three agents with 1,000 addresses', () => {
  it('share them', () => {
    const cluster = theCluster();
    expect(cluster.faults()).toEqual([]);
    const held = cluster.lab.hosts.map((host) => poolAddressesOn(cluster, host).length);
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(addresses);
    expect(Math.min(...held)).toBeGreaterThan(0);
  });

  it('take over a third of them: each is held once, and announced once before any is repeated', async () => {
    const cluster = theCluster();
    const [e1, e2, e3] = [cluster.lab.host('e1'), cluster.lab.host('e2'), cluster.lab.host('e3')];
    const orphans = poolAddressesOn(cluster, e3);
    expect(orphans.length).toBeGreaterThan(0);
    const kept = [e1, e2].map((host) => poolAddressesOn(cluster, host));
    const capture = await cluster.lab.captureAll('arp', join(cluster.lab.directory, 'takeover.pcap'));
    await cluster.lab.cutPower(e3);
    await cluster.covered(deadlineMs);
    await cluster.watch.sync();
    expect(cluster.faults()).toEqual([]);
    for (const [at, host] of [e1, e2].entries()) {
      expect(poolAddressesOn(cluster, host)).toEqual(expect.arrayContaining([...(kept[at] ?? [])]));
    }
    const frames = await announced(capture, orphans);
    for (const host of [e1, e2]) {
      const taken = poolAddressesOn(cluster, host).filter((address) => orphans.includes(address));
      const sent = frames.filter(({ port }) => port === host.wiring.port).map((frame) => announcedBy(frame) ?? '');
      expect(new Set(sent.filter((address) => taken.includes(address)).slice(0, taken.length))).toEqual(new Set(taken));
    }
    await capture.stop();
  }, 20_000);

  it('give 500 away when one stops, which leaves none behind', async () => {
    const cluster = theCluster();
    const [e1, e2] = [cluster.lab.host('e1'), cluster.lab.host('e2')];
    cluster.agent(e2).signal('SIGTERM');
    expect(await cluster.agent(e2).ended).toEqual({ status: 0, signal: null });
    await cluster.covered(deadlineMs);
    await cluster.watch.sync();
    expect(poolAddressesOn(cluster, e1)).toHaveLength(addresses);
    expect(poolAddressesOn(cluster, e2)).toEqual([]);
  }, 20_000);
});
