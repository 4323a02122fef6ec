import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { run } from '../../../agent/lab/command.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';

// A station outside of the group, the client, with an address of the pool: it speaks with arping, and with its own kernel.
const deadlineMs = 15_000;
/** From the first frame of the conflict until `status` names it. */
const reportMsMax = 100;
/** Announcements of a claim come at 0, 1.1 and 3 s; the next ones not before 45 s. */
const firstRoundsMs = 3_500;

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;

async function start(policy: 'keep' | 'yield'): Promise<void> {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  cluster = await makeCluster(lab, {
    settings: `conflict = "${policy}"`,
    sets:
      '[set.lost]\ninterface = "eth0"\naddresses = ["10.77.0.104/24"]\nprefer = ["e1"]\n' +
      '[set.www]\ninterface = "eth0"\naddresses = ["10.77.0.101/24", "fd77::101/64"]\nprefer = ["e1"]\n' +
      '[set.api]\ninterface = "eth0"\naddresses = ["10.77.0.102/24"]\nprefer = ["e2"]\n' +
      '[set.old]\ninterface = "eth0"\naddresses = ["10.77.0.103/24"]\nprefer = ["e2"]\n',
  });
}

async function startAgents(): Promise<void> {
  await Promise.all([e1, e2].map((host) => cluster.start(host)));
  await cluster.watch.until('www and api to be held', deadlineMs, () =>
    ['10.77.0.101', 'fd77::101', '10.77.0.102'].every((address) => cluster.watch.holders(address).length === 1),
  );
}

const problemOf = async (host: LabHost, name: string) =>
  (await cluster.status(host)).sets.find((set) => set.name === name)?.problem ?? null;

const conflictOf = async (host: LabHost, name: string) =>
  (await cluster.status(host)).sets.find((set) => set.name === name)?.conflict ?? null;

/** Asks until it is so. @returns when, after `fromMs` */
async function untilProblem(host: LabHost, name: string, fromMs: number, pattern: RegExp): Promise<number> {
  const until = AbortSignal.timeout(deadlineMs);
  while (!pattern.test((await problemOf(host, name)) ?? '')) {
    if (until.aborted) throw new Error(`no ${pattern} for ${name} on ${host.name}: ${await problemOf(host, name)}`);
  }
  return monotonicMs() - fromMs;
}

describe('conflict = "keep"', () => {
  beforeAll(async () => {
    await start('keep');
    await lab.client.namespace.ip(['addr add 10.77.0.103/32 dev eth0']);
    await startAgents();
  });
  afterAll(async () => lab.dispose());

  it('an address that another station has is not claimed at first, and the status says who has it', async () => {
    await untilProblem(e2, 'old', monotonicMs(), /conflict: 02:77:00:00:00:fa claims 10\.77\.0\.103/);
    expect(cluster.watch.holders('10.77.0.103')).toEqual([]);
    expect(cluster.log(e2)).toContain('conflict: 02:77:00:00:00:fa claims 10.77.0.103');
    expect(await conflictOf(e2, 'old')).toEqual({
      address: '10.77.0.103',
      mac: '02:77:00:00:00:fa',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('a probe is no conflict: arping -D gets its answer, and no alarm is raised', async () => {
    const probe = await lab.client.namespace.attempt(['arping', '-D', '-c', '2', '-I', 'eth0', '10.77.0.101']);
    expect(probe.stdout).toContain(e1.wiring.mac.toUpperCase());
    expect(probe.status).toBe(1); // a duplicate was found: ours
    expect(await problemOf(e1, 'www')).toBeNull();
    expect(await conflictOf(e1, 'www')).toBeNull();
  });

  it('a station that claims an IPv4 address is reported within 100 ms, told apart by its MAC, and announced against', async () => {
    await lab.client.namespace.ip(['addr add 10.77.0.101/32 dev eth0']);
    const fromMs = monotonicMs();
    const arping = lab.client.namespace.attempt(['arping', '-U', '-c', '1', '-I', 'eth0', '10.77.0.101']);
    const tookMs = await untilProblem(e1, 'www', fromMs, /^conflict: 02:77:00:00:00:fa claims 10\.77\.0\.101$/);
    await arping;
    expect(tookMs).toBeLessThan(reportMsMax);
    await lab.client.namespace.ip(['addr del 10.77.0.101/32 dev eth0']);
    expect(cluster.watch.holders('10.77.0.101')).toEqual(['e1']);
    expect(await problemOf(e1, 'api')).toBeNull();
    expect(await conflictOf(e1, 'www')).toMatchObject({ address: '10.77.0.101', mac: '02:77:00:00:00:fa' });
    expect(await conflictOf(e1, 'api')).toBeNull();
    const { stdout } = await cluster.command(e1, 'status');
    expect(stdout).toContain('conflict: 02:77:00:00:00:fa claims 10.77.0.101');
    expect(stdout).toMatch(/^! www .* e1 \(conflicted\) /m);
    const neighbour = await e2.namespace.run(['ip', 'neigh', 'show', '10.77.0.101']);
    expect(neighbour === '' || neighbour.includes(e1.wiring.mac)).toBe(true);
  });

  it('a station that speaks from an IPv6 address is reported, though it announces nothing', async () => {
    await lab.client.namespace.ip(['addr add fd77::101/128 dev eth0 nodad']);
    const say = `const s = require('node:dgram').createSocket('udp6');
      s.bind(0, 'fd77::101', () => s.send('', 9, 'fd77::77', () => s.close()))`;
    await lab.client.namespace.run([process.execPath, '-e', say]);
    await untilProblem(e1, 'www', monotonicMs(), /^conflict: 02:77:00:00:00:fa claims fd77::101$/);
    await lab.client.namespace.ip(['addr del fd77::101/128 dev eth0']);
  });

  it('a handover raises no alarm', async () => {
    await e1.namespace.run(['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/conf/all/arp_announce']);
    const agent = cluster.agent(e2);
    agent.signal('SIGTERM');
    await agent.ended;
    await cluster.start(e2);
    await cluster.joined(e2, deadlineMs).catch(() => {}); // `old` is held by nobody: the group does not call itself settled
    await cluster.command(e1, 'balance');
    expect(await problemOf(e1, 'api')).toBeNull();
    expect(await problemOf(e2, 'api')).toBeNull();
    expect(cluster.log(e2)).not.toMatch(/claims 10\.77\.0\.102/);
  });

  it('a station that goes on claiming is answered with one announcement in 10 s, and the set stays', async () => {
    await lab.client.namespace.ip(['addr add 10.77.0.102/32 dev eth0']);
    const [name] = cluster.watch.holders('10.77.0.102');
    const owner = name === 'e1' ? e1 : e2;
    // The first rounds after the claim are over, then: what is announced is the defence.
    const claimedAgoMs = async () => {
      const { sets } = await cluster.status(owner);
      return Date.now() - Date.parse(sets.find((set) => set.name === 'api')?.since ?? '');
    };
    while ((await claimedAgoMs()) < firstRoundsMs);
    const capture = await lab.capture(lab.client, 'arp', join(lab.directory, 'defence.pcap'));
    await lab.client.namespace.attempt(['arping', '-U', '-c', '3', '-I', 'eth0', '10.77.0.102']);
    await untilProblem(owner, 'api', monotonicMs(), /^conflict: 02:77:00:00:00:fa claims 10\.77\.0\.102$/);
    await capture.stop();
    await lab.client.namespace.ip(['addr del 10.77.0.102/32 dev eth0']);
    const arp = (filter: string) =>
      run(['tshark', '-r', capture.file, '-T', 'fields', '-e', 'frame.number', '-Y', filter]);
    const from = (mac: string) =>
      `arp.src.hw_mac == ${mac} && arp.src.proto_ipv4 == 10.77.0.102 && arp.isgratuitous == 1`;
    const lines = async (mac: string, opcode: number) =>
      (await arp(`${from(mac)} && arp.opcode == ${opcode}`)).split('\n').filter((line) => line !== '').length;
    expect(await lines('02:77:00:00:00:fa', 1)).toBeGreaterThanOrEqual(2);
    expect([await lines(owner.wiring.mac, 1), await lines(owner.wiring.mac, 2)]).toEqual([1, 1]);
    expect(cluster.watch.holders('10.77.0.102')).toEqual([owner.name]);
  });
});

describe('a host without power, whose address another station answers for', () => {
  beforeAll(async () => {
    await start('keep');
    await startAgents();
    await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs).catch(() => {})));
  });
  afterAll(async () => lab.dispose());

  it('its address is taken over, and the status says who else has it', async () => {
    await lab.client.namespace.ip(['addr add 10.77.0.104/32 dev eth0']); // says nothing until it is asked
    expect(await problemOf(e1, 'lost')).toBeNull();
    await lab.cutPower(e1);
    await untilProblem(e2, 'lost', monotonicMs(), /^conflict: 02:77:00:00:00:fa claims 10\.77\.0\.104$/);
    expect(cluster.watch.holders('10.77.0.104')).toEqual(['e2']);
    expect(await problemOf(e2, 'www')).toBeNull();
  });
});

describe('conflict = "yield"', () => {
  beforeAll(async () => {
    await start('yield');
    await startAgents();
  });
  afterAll(async () => lab.dispose());

  it('a station that claims an IPv6 address gets the set given up; where all hear it, nobody holds it', async () => {
    await cluster.joined(e1, deadlineMs);
    await lab.client.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/eth0/ndisc_notify']);
    // The kernel of the client advertises all it has when its MAC changes.
    await lab.client.namespace.ip(['addr add fd77::101/128 dev eth0 nodad', 'link set eth0 address 02:77:00:00:00:fb']);
    await cluster.watch.until('nobody to have it', deadlineMs, () => cluster.watch.holders('fd77::101').length === 0);
    expect(cluster.log(e1)).toContain('set www: conflict: 02:77:00:00:00:fb claims fd77::101; it is given up here');
    expect(cluster.watch.holders('10.77.0.102')).toEqual(['e2']);
    // Whoever gave it up last says with whom it is in conflict, though it holds it no more.
    const both = [await conflictOf(e1, 'www'), await conflictOf(e2, 'www')];
    expect(both).toContainEqual(expect.objectContaining({ address: 'fd77::101', mac: '02:77:00:00:00:fb' }));
  });
});
