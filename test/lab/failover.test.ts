import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../agent/lab/probe-client.ts';
import type { PhaseReport } from '../../agent/lab/probe-protocol.ts';

// Real agents as shipped, at their defaults; told apart from the kernels' side only. The tests are one story, in order.
const deadlineMs = 15_000;
/** What the defaults promise: three heartbeats of 100 ms, the agreement and the claim. */
const powerLossSilenceMsMax = 450;

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
    sets:
      '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n' +
      '[pool.api]\ninterface = "eth0"\nrange = "fd77::101-fd77::102"\nprefix = 64\n',
  });
  await Promise.all([e1, e2, e3].map((host) => cluster.start(host)));
  await Promise.all([e1, e2, e3].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
  const addresses = cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address));
  probing = await startProbing(lab.client.namespace, { addresses });
  await probing.allAnswering(deadlineMs);
});

afterAll(async () => lab.dispose());

/** Set -> its one holder. */
function holders(): Readonly<Record<string, string>> {
  return Object.fromEntries(cluster.sets.map((set) => [set.name, cluster.holders(set).join(' ')]));
}

function heldBy(host: LabHost): readonly string[] {
  return cluster.sets.map((set) => set.name).filter((name) => holders()[name] === host.name);
}

/** Lets it happen and waits for the pool to be covered exactly once. */
async function measured(phase: string, act: () => Promise<unknown>): Promise<PhaseReport> {
  probing.begin(phase);
  await act();
  await cluster.covered(deadlineMs);
  return probing.end(phase);
}

function lost(report: PhaseReport): readonly number[] {
  return report.addresses.map((each) => each.lost);
}

const none = [0, 0, 0, 0, 0, 0];

describe('three agents', () => {
  it('spread six sets 2/2/2', () => {
    expect([e1, e2, e3].map((host) => heldBy(host).length)).toEqual([2, 2, 2]);
  });

  it('take over when the power of one is cut, with announcements that an independent dissector finds well-formed', async () => {
    const doomed = heldBy(e2);
    expect(doomed.length).toBeGreaterThan(0);
    const capture = await lab.capture(
      lab.client,
      'arp or icmp6[icmp6type] == icmp6-neighboradvert',
      join(lab.directory, 'takeover.pcap'),
    );
    const report = await measured('power', () => lab.cutPower(e2));
    await capture.stop();
    expect(Math.max(...report.addresses.map((each) => each.longestSilenceMs))).toBeLessThan(powerLossSilenceMsMax);
    expect(heldBy(e2)).toEqual([]);

    const lines = execFileSync('tcpdump', ['-n', '-e', '-v', '-r', capture.file], { encoding: 'utf8', stdio: 'pipe' });
    const text = lines.replaceAll(/\n\s+/g, ' ').split('\n');
    for (const set of cluster.sets.filter((each) => doomed.includes(each.name))) {
      for (const { address, family } of set.addresses) {
        const mac = lab.host(holders()[set.name] ?? '').wiring.mac;
        const from = text.filter((line) => line.includes(`${mac} >`) && line.includes(address));
        if (family === 4) {
          expect(
            from.some((line) => line.includes(`Request who-has ${address}`) && line.includes(`tell ${address}`)),
          ).toBe(true);
          expect(from.some((line) => line.includes(`Reply ${address} is-at ${mac}`))).toBe(true);
        } else {
          expect(from.some((line) => /icmp6 sum ok.*neighbor advertisement.*\[override\]/.test(line))).toBe(true);
        }
      }
    }
  });

  it('move nothing and lose nothing when it returns', async () => {
    const before = holders();
    const report = await measured('return', async () => {
      await lab.restorePower(e2);
      await cluster.start(e2);
      await cluster.joined(e2, deadlineMs);
    });
    expect(holders()).toEqual(before);
    expect(lost(report)).toEqual(none);
  });

  it('balance on demand without a lost probe', async () => {
    const report = await measured('balance', async () => {
      expect(await cluster.command(e1, 'balance')).toMatchObject({ status: 0 });
    });
    expect([e1, e2, e3].map((host) => heldBy(host).length)).toEqual([2, 2, 2]);
    expect(lost(report)).toEqual(none);
  });

  it('hand over without a lost probe when one is stopped', async () => {
    const agent = cluster.agent(e3);
    const report = await measured('stop', async () => {
      agent.signal('SIGTERM');
      expect(await agent.ended).toEqual({ status: 0, signal: null });
    });
    expect(heldBy(e3)).toEqual([]);
    expect(await lab.addresses(e3)).toEqual([]);
    expect(lost(report)).toEqual(none);
  });

  it('take over from one that is killed; its kernel drops the addresses', async () => {
    const doomed = heldBy(e1);
    expect(doomed.length).toBeGreaterThan(0);
    const agent = cluster.agent(e1);
    await measured('kill', async () => {
      agent.signal('SIGKILL');
      await agent.ended;
    });
    expect(doomed.map((name) => holders()[name])).toEqual(doomed.map(() => 'e2'));
    expect(await lab.addresses(e1)).toEqual([]);
  });
});
