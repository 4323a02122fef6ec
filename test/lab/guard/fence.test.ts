import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import type { LabHost } from '../../../agent/lab/lab.ts';
import { claimDelayMs, fenceMs } from '../../../agent/ownership/quorum.ts';
import { deadlineMs, type GuardedCluster, lostOf, openGuardedCluster } from './guarded-cluster.ts';

// partition = "majority": what is cut off and has no agent lets go all the same, by its guard.
const [heartbeatMs, detectMs] = [100, 300];
/** What a shared machine adds to a removal that is due. */
const lateMsMax = 250;

let group: GuardedCluster;
let e1: LabHost;
let e2: LabHost;

beforeAll(async () => {
  group = await openGuardedCluster('partition = "majority"');
  [e1, e2] = [group.lab.host('e1'), group.lab.host('e2')];
});

afterAll(async () => group?.dispose());

describe('the fence', () => {
  it('loses no probe where an agent is killed and nothing is cut: the others announce before it falls', async () => {
    const agent = group.cluster.agent(e2);
    const report = await group.measured('SIGKILL', async () => {
      agent.signal('SIGKILL');
      await agent.ended;
      await group.cluster.covered(deadlineMs);
    });
    expect(Math.max(...lostOf(report))).toBe(0);
    expect(group.cluster.log(e2)).toMatch(/guard: .* is with [0-9a-f:]+ now: removed here/);
    await group.restart(e2);
    await group.cluster.command(e1, 'balance');
    await group.cluster.covered(deadlineMs);
  });

  it('empties the kernel of a host that is cut off and loses its agent', async () => {
    const holds = () => group.addresses.some((address) => group.cluster.watch.holders(address).includes('e1'));
    expect(holds()).toBe(true);
    const heal = await group.cutOff(e1);
    const sinceMs = monotonicMs();
    const agent = group.cluster.agent(e1);
    agent.signal('SIGKILL');
    await agent.ended;
    await group.until('the guard of e1 to have let go', () => !holds());
    expect(monotonicMs() - sinceMs).toBeLessThan(fenceMs(heartbeatMs, detectMs) + lateMsMax);
    await group.cluster.covered(deadlineMs);
    const twiceMs = await group.heldTwiceMs(sinceMs);
    console.log(`cut off and killed: held twice ${twiceMs.toFixed(1)} ms`);
    expect(twiceMs).toBeLessThan(claimDelayMs(heartbeatMs) + lateMsMax);
    expect(group.cluster.log(e1)).toMatch(/guard: .* is removed: without an agent nobody here knows/);
    expect(group.guards(e1)).toEqual([]);
    await heal();
  });
}, 60_000);
