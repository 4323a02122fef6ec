import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../agent/lab/cluster.ts';
import { within } from '../../agent/lab/deadline.ts';
import { createLab, type Lab, type LabHost } from '../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../agent/lab/probe-client.ts';

// What operators command, on real agents, over the command line. The tests are one story, in order.
const deadlineMs = 15_000;

let lab: Lab;
let cluster: Cluster;
let probing: Probing;
let e1: LabHost;
let e2: LabHost;
let e3: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: 3 });
  [e1, e2, e3] = [lab.host('e1'), lab.host('e2'), lab.host('e3')];
  cluster = await makeCluster(lab, {
    sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.103"\nprefix = 24\n',
  });
  await Promise.all([e1, e2, e3].map((host) => cluster.start(host)));
  await Promise.all([e1, e2, e3].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
  const addresses = cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address));
  probing = await startProbing(lab.client.namespace, { addresses });
  await probing.allAnswering(deadlineMs);
});

afterAll(async () => lab.dispose());

/** `web-01:e1 web-02:e2`: set and its holders, as the kernels have it. */
function held(): string {
  return cluster.sets.map((set) => `${set.name}:${cluster.holders(set).join('+')}`).join(' ');
}

async function lostDuring(act: () => Promise<unknown>): Promise<number> {
  probing.begin('order');
  await act();
  await cluster.covered(deadlineMs);
  return (await probing.end('order')).addresses.reduce((sum, { lost }) => sum + lost, 0);
}

describe('on three agents', () => {
  it('holdfast move is answered when the set is there, pinned, without a lost probe', async () => {
    let said = '';
    const lost = await lostDuring(async () => {
      const { status, stdout } = await cluster.command(e2, 'move', 'web-01', 'e3');
      expect(status).toBe(0);
      said = stdout;
    });
    expect(said).toMatch(/^web-01 is on e3 and stays there/);
    expect(held()).toBe('web-01:e3 web-02:e2 web-03:e3');
    expect(lost).toBe(0);
    expect((await cluster.command(e1, 'status')).stdout).toContain('e3 (pinned)');
  });

  it('holdfast drain of another host gives its sets away without a lost probe, and a restart does not end it', async () => {
    const lost = await lostDuring(async () => {
      expect(await cluster.command(e1, 'drain', '--host', 'e3')).toMatchObject({ status: 0 });
    });
    expect(held()).toBe('web-01:e1 web-02:e2 web-03:e1');
    expect(lost).toBe(0);
    cluster.agent(e3).signal('SIGTERM');
    await within(deadlineMs, 'the agent of e3 to end', cluster.agent(e3).ended);
    await cluster.start(e3);
    await cluster.joined(e3, deadlineMs);
    expect((await cluster.command(e3, 'status')).stdout).toMatch(/e3 +drained/);
    expect(await cluster.command(e1, 'balance')).toMatchObject({ status: 0 });
    expect(held()).toBe('web-01:e1 web-02:e2 web-03:e1');
    expect(await cluster.command(e3, 'undrain')).toMatchObject({ status: 0 });
    expect(await cluster.command(e1, 'balance')).toMatchObject({ status: 0 });
    expect(held()).toBe('web-01:e3 web-02:e2 web-03:e1');
  });

  it('frozen, what hinders is said; thawed, it goes on', async () => {
    expect(await cluster.command(e2, 'freeze')).toMatchObject({ status: 0 });
    const refused = await cluster.command(e1, 'move', 'web-01', 'e1');
    expect([refused.status, refused.stderr]).toEqual([1, 'holdfast: the group is frozen: holdfast thaw comes first\n']);
    expect((await cluster.command(e3, 'status')).stdout).toMatch(/^DEGRADED: 3 sets, all held/);
    expect(await cluster.command(e3, 'thaw')).toMatchObject({ status: 0 });
    expect((await cluster.command(e1, 'status')).status).toBe(0);
  });

  it('holdfast abandon ends the agent, leaves its addresses for good, and nobody takes them', async () => {
    probing.begin('abandon');
    expect(await cluster.command(e3, 'abandon')).toMatchObject({ status: 0 });
    await within(deadlineMs, 'the agent of e3 to end', cluster.agent(e3).ended);
    await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs)));
    const lost = (await probing.end('abandon')).addresses.reduce((sum, each) => sum + each.lost, 0);
    expect(held()).toBe('web-01:e3 web-02:e2 web-03:e1');
    expect(lost).toBe(0);
    const kernel = await e3.namespace.run(['ip', '-o', 'address', 'show', 'to', '10.77.0.101']);
    expect(kernel).toContain('valid_lft forever');
    expect((await cluster.command(e1, 'status')).stdout).toContain('e3 has abandoned it');
    await cluster.start(e3);
    await cluster.joined(e3, deadlineMs);
    await cluster.covered(deadlineMs);
    expect((await cluster.command(e1, 'status')).status).toBe(0);
  });
});
