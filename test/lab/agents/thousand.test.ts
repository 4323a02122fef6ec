import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Capture } from '../../../agent/lab/capture.ts';
import { DeadlineError } from '../../../agent/lab/deadline.ts';
import { announcedBy, echoedBy, type Frame } from '../../../agent/lab/frames.ts';
import { interfaceName } from '../../../agent/lab/lab.ts';
import { startProbing } from '../../../agent/lab/probe-client.ts';
import { bringUp, deadlineMs, poolAddressesOn, useCluster } from './standing-cluster.ts';

// 936 sets of one address, and one set of as many as a set may have.
const many = Array.from({ length: 64 }, (_, at) => `"10.77.12.${1 + at}/21"`);
/** Between two probes of one address: a third of a core for a third of the addresses. */
const probeIntervalMs = 30;
/** They say nothing for as long while they decide, and hardly anything to each other at rest. */
const talkPauseMs = 100;
/** Promised are 100 ms: of hosts with a processor of their own. */
const answeringMsMax = 1_000;
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

type Takeover = { readonly frames: readonly Frame[]; readonly cutMs: number; readonly orphans: readonly string[] };

/** In ms since the others found out: since the first frame of theirs, from one to another, of those that lead up to the takeover. */
function takeoverOf({ frames, cutMs, orphans }: Takeover): Readonly<Record<'announced' | 'answering', number>> {
  const { port } = theCluster().lab.host('e3').wiring;
  const ofOthers = frames.filter((frame) => frame.port !== port && frame.atMs > cutMs);
  const firstMs = (addressOf: (frame: Frame) => string | null): readonly number[] => {
    const known = new Map<string | null, number>();
    for (const frame of ofOthers.toReversed()) known.set(addressOf(frame), frame.atMs);
    return orphans.map((address) => known.get(address) ?? Number.NaN);
  };
  const [announcedMs, answeringMs] = [firstMs(announcedBy), firstMs(echoedBy)];
  let foundMs = Math.min(...announcedMs);
  for (const { atMs, text } of ofOthers.toReversed()) {
    const isTalk = text.includes('.4807: UDP') && !text.includes('> 239.') && atMs < foundMs;
    if (isTalk && foundMs - atMs < talkPauseMs) foundMs = atMs;
  }
  return { announced: Math.max(...announcedMs) - foundMs, answering: Math.max(...answeringMs) - foundMs };
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
    await cluster.lab.client.namespace.ip([`route add 10.77.8.0/21 dev ${interfaceName}`]);
    const probing = await startProbing(cluster.lab.client.namespace, {
      addresses: orphans,
      intervalMs: probeIntervalMs,
    });
    await probing.allAnswering(deadlineMs, 5 * probeIntervalMs);
    const filter = 'arp or udp port 4807 or icmp[icmptype] == icmp-echoreply';
    const capture = await cluster.lab.captureAll(filter, join(cluster.lab.directory, 'takeover.pcap'));
    const cutMs = await cluster.lab.cutPower(e3);
    await cluster.covered(deadlineMs);
    await cluster.watch.sync();
    expect(cluster.faults()).toEqual([]);
    for (const [at, host] of [e1, e2].entries()) {
      expect(poolAddressesOn(cluster, host)).toEqual(expect.arrayContaining([...(kept[at] ?? [])]));
    }
    await probing.allAnswering(deadlineMs, 5 * probeIntervalMs);
    await probing.stop();
    await announced(capture, orphans);
    await capture.stop();
    const all = await cluster.lab.frames(capture);
    const took = takeoverOf({ frames: all, cutMs, orphans });
    console.log(
      `${orphans.length} of ${addresses} move: all announced ${took.announced.toFixed(0)} ms, all answer ${took.answering.toFixed(0)} ms after it was found out`,
    );
    expect(took.answering).toBeLessThan(answeringMsMax);
    const frames = all.filter((frame) => announcedBy(frame) !== null);
    for (const host of [e1, e2]) {
      const taken = poolAddressesOn(cluster, host).filter((address) => orphans.includes(address));
      const sent = frames.filter(({ port }) => port === host.wiring.port).map((frame) => announcedBy(frame) ?? '');
      expect(new Set(sent.filter((address) => taken.includes(address)).slice(0, taken.length))).toEqual(new Set(taken));
    }
  }, 30_000);

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
