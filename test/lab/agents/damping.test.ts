import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { bringUp, deadlineMs, poolAddressesOn } from './standing-cluster.ts';

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e3: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: 3 });
  cluster = await makeCluster(lab, {
    settings: 'damping.suppress = 1500',
    sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n',
  });
  e1 = lab.host('e1');
  e3 = lab.host('e3');
  await bringUp(cluster);
});

afterAll(async () => lab?.dispose());

describe('a host that loses its power twice', () => {
  it('is damped, shown with its penalty and for how long, and gets nothing in a balance', {
    timeout: 60_000,
  }, async () => {
    for (let time = 0; time < 2; time++) {
      await lab.cutPower(e3);
      await cluster.covered(deadlineMs);
      await bringUp(cluster);
    }
    for (const host of [e1, e3]) {
      const { members } = await cluster.status(host);
      expect(members[2]?.damping).toEqual({ penalty: expect.any(Number), until: expect.stringMatching(/^\d{4}-/) });
      expect(members[2]?.damping?.penalty).toBeGreaterThan(1_500);
    }
    const told =
      /e3 is damped: it left too often without a word, and gets no set that another may have for 2\d min more/;
    for (const command of ['status', 'members']) {
      const { stdout } = await cluster.command(e1, command);
      expect(stdout.replace(/\s+/g, ' ')).toMatch(told);
    }
    const balanced = await cluster.command(e1, 'balance');
    expect(balanced.stdout).toContain('Nothing');
    expect(poolAddressesOn(cluster, e3)).toEqual([]);
  });

  it('gets what no other may have', async () => {
    const drained = await Promise.all(['e1', 'e2'].map((host) => cluster.command(e1, 'drain', '--host', host)));
    expect(drained.map(({ status }) => status)).toEqual([0, 0]);
    await cluster.covered(deadlineMs);
    expect(poolAddressesOn(cluster, e3)).toHaveLength(4);
  });
});
