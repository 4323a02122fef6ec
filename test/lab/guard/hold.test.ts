import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import type { LabHost } from '../../../agent/lab/lab.ts';
import { bringUp } from '../agents/standing-cluster.ts';
import { deadlineMs, type GuardedCluster, lostOf, openGuardedCluster } from './guarded-cluster.ts';

// `holdfast restart --hold`: nothing moves, however long the next agent takes, but within the time that was said.
/** Longer than the lifetime of an address and what the kernel is late. */
const absentMs = 7_500;
const takenOverMsMax = 1_500;

let group: GuardedCluster;
let e1: LabHost;
let e2: LabHost;

beforeAll(async () => {
  group = await openGuardedCluster();
  [e1, e2] = [group.lab.host('e1'), group.lab.host('e2')];
});

beforeEach(() => bringUp(group.cluster));

afterAll(async () => group?.dispose());

const holds = (host: LabHost) =>
  group.addresses.filter((address) => group.cluster.watch.holders(address).includes(host.name)).length;

describe('holdfast restart --hold', () => {
  it('moves nothing and loses no probe, also where the next agent comes after the end of the lifetime', async () => {
    const before = group.holders();
    const changes = group.cluster.watch.events.length;
    const report = await group.measured('restart --hold', async () => {
      const agent = group.cluster.agent(e1);
      const restarted = group.cluster.command(e1, 'restart', '--hold');
      expect(await agent.ended).toEqual({ status: 19, signal: null });
      await new Promise((next) => setTimeout(next, absentMs)); // what is shown is that nothing happens
      await group.cluster.start(e1);
      await group.cluster.joined(e1, deadlineMs);
      expect(await restarted).toMatchObject({ status: 0, stdout: expect.stringMatching(/2 sets stayed here/) });
      await group.cluster.covered(deadlineMs);
    });
    await group.cluster.watch.sync();
    expect(group.holders()).toEqual(before);
    expect(group.cluster.watch.events.slice(changes)).toEqual([]);
    expect(Math.max(...lostOf(report))).toBe(0);
    expect(group.cluster.log(e2)).toMatch(/e1 restarts its agent: what it holds stays there, for up to 60 s/);
    expect(group.cluster.log(e1)).toMatch(/adopting .* which a guard has kept/);
  });

  it('ends with the time that was said: the others take over, and lose no probe', async () => {
    let tookMs = 0;
    const report = await group.measured('restart --hold 2', async () => {
      const agent = group.cluster.agent(e1);
      const restarted = group.cluster.command(e1, 'restart', '--hold', '2');
      expect(await agent.ended).toEqual({ status: 19, signal: null });
      const sinceMs = monotonicMs();
      const covered = group.cluster.covered(deadlineMs).then(() => {
        tookMs = monotonicMs() - sinceMs;
      });
      expect(await restarted).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/No agent came back within 2 s/),
      });
      await covered;
    });
    expect(tookMs).toBeGreaterThan(1_500); // of the two seconds since it was asked
    expect(tookMs).toBeLessThan(2_000 + takenOverMsMax);
    expect(Math.max(...lostOf(report))).toBe(0);
    expect(holds(e1)).toBe(0);
  });

  it('is no promise of a host that is gone: the others take over as soon as it does not answer', async () => {
    const agent = group.cluster.agent(e2);
    void group.cluster.command(e2, 'restart', '--hold');
    await agent.ended;
    expect(holds(e2)).toBeGreaterThan(0);
    await group.lab.cutPower(e2);
    await group.cluster.watch.until('all to be with others', takenOverMsMax, () => group.cluster.faults().length === 0);
  });
}, 60_000);
