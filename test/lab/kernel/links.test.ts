import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { askIntervalMs, holdDownMs } from '../../../agent/system/link-readiness.ts';

// Interfaces that go, come, and change under an agent, on kinds that every kernel has: veth, bridge, macvlan, loopback, tun.
const deadlineMs = 15_000;
/** For the kernel's answer, the decision of the agent and ours: the notification alone takes up to a second. */
const carrierSlackMs = 250;

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  for (const host of [e1, e2]) {
    await host.namespace.ip(['link add mv0 link eth0 type macvlan mode bridge', 'link set mv0 up']);
    // Without IPv6 nobody speaks unasked on a link that has just been made.
    await host.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']);
    await host.namespace.ip([
      'link add br1 type bridge mcast_snooping 0',
      'link add va type veth peer name vb',
      'link set va up',
      'link set vb up',
      'link set va master br1',
      'link set br1 up',
      'tuntap add dev tun0 mode tun',
      'link set tun0 up',
    ]);
  }
  // With equal indexes at both ends the kernel takes the pair for one interface, and limits how often it tells of its carrier.
  await e1.namespace.ip([
    `link add late index 60 type veth peer name late index 60 netns ${lab.client.namespace.holderPid}`,
    'link set late up',
  ]);
  await e2.namespace.ip(['link add late type veth peer name other']);
  await lab.client.namespace.ip(['link set late up']);
  await speak(); // heard from, as the settled links of a host are
  const set = (name: string, on: string, address: string) =>
    `[set.${name}]\ninterface = "${on}"\naddresses = ["${address}"]\nprefer = ["e1"]\n`;
  cluster = await makeCluster(lab, {
    settings: 'probe = "off"',
    sets:
      set('plain', 'eth0', '10.77.0.101/24') +
      set('macvlan', 'mv0', '10.77.0.102/24') +
      set('port', 'vb', '10.78.0.103/24') +
      set('tunnel', 'tun0', '10.79.0.104/32') +
      set('late', 'late', '10.80.0.105/24'),
  });
  await Promise.all([e1, e2].map((host) => cluster.start(host)));
  await cluster.watch.until('the sets that can be held to be held by e1', deadlineMs, () =>
    ['10.77.0.101', '10.77.0.102'].every((address) => cluster.watch.holders(address).join() === 'e1'),
  );
});

afterAll(async () => lab.dispose());

/** A question to all reaches every macvlan. */
async function speak(): Promise<void> {
  await lab.client.namespace.attempt(['arping', '-c', '1', '-w', '1', '-I', 'eth0', '10.77.0.199']);
}

const problemOf = async (host: LabHost, name: string) =>
  (await cluster.status(host)).sets.find((set) => set.name === name)?.problem ?? null;

async function heldBy(address: string, host: LabHost | null): Promise<void> {
  const expected = host === null ? '' : host.name;
  await cluster.watch.until(
    `${address} to be held by ${expected || 'nobody'}`,
    deadlineMs,
    () => cluster.watch.holders(address).join() === expected,
  );
}

describe('an interface', () => {
  it('that has no carrier (a tunnel that nobody serves) says so in the status, and the others go on', async () => {
    expect(await problemOf(e1, 'tunnel')).toBe('interface tun0 has no carrier');
    expect(cluster.watch.holders('10.77.0.101')).toEqual(['e1']);
  });

  it('that goes down gives its sets to another host, and those of others stay', async () => {
    await e1.namespace.ip(['link set mv0 down']);
    await heldBy('10.77.0.102', e2);
    expect(await problemOf(e1, 'macvlan')).toBe('interface mv0 is down');
    expect(cluster.watch.holders('10.77.0.101')).toEqual(['e1']);
  });

  it('that comes back may hold them again after the hold-down, once a frame came in', async () => {
    await e1.namespace.ip(['link set mv0 up']);
    const until = AbortSignal.timeout(deadlineMs);
    const upAt = performance.now();
    while ((await problemOf(e1, 'macvlan')) !== null && !until.aborted) await cluster.status(e2);
    expect(performance.now() - upAt).toBeGreaterThan(holdDownMs * 0.9);
    await e2.namespace.ip(['link set mv0 down']);
    await heldBy('10.77.0.102', e1);
  });

  it('that is removed and made anew is claimed on again', async () => {
    await e2.namespace.ip(['link set mv0 up']);
    await e1.namespace.ip(['link del mv0']);
    await heldBy('10.77.0.102', e2);
    expect(await problemOf(e1, 'macvlan')).toBe('interface mv0 does not exist');
    await e1.namespace.run(['sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/default/disable_ipv6']);
    await e1.namespace.ip(['link add mv0 link eth0 type macvlan mode bridge', 'link set mv0 up']);
    const until = AbortSignal.timeout(deadlineMs);
    while ((await problemOf(e1, 'macvlan')) !== null && !until.aborted) await cluster.status(e2);
    await e2.namespace.ip(['link set mv0 down']);
    await heldBy('10.77.0.102', e1);
  });

  it('that gets another name has its sets taken off it; with its own name it may hold them again', async () => {
    await e2.namespace.ip(['link set mv0 up']);
    await speak();
    await e1.namespace.ip(['link set mv0 down', 'link set mv0 name other', 'link set other up']);
    await heldBy('10.77.0.102', e2);
    expect(await problemOf(e1, 'macvlan')).toBe('interface mv0 does not exist');
    expect(await e1.namespace.run(['ip', '-br', 'addr', 'show', 'dev', 'other'])).not.toContain('10.77.0.102');
    await e1.namespace.ip(['link set other down', 'link set other name mv0', 'link set mv0 up']);
    await speak();
    const until = AbortSignal.timeout(deadlineMs);
    while ((await problemOf(e1, 'macvlan')) !== null && !until.aborted) await cluster.status(e2);
    await e2.namespace.ip(['link set mv0 down']);
    await heldBy('10.77.0.102', e1);
  });

  it('whose lost carrier the kernel tells of late gives its sets up within a few hundred milliseconds all the same', async () => {
    const worst: number[] = [];
    for (let round = 0; round < 3; round++) {
      const until = AbortSignal.timeout(deadlineMs);
      while ((await problemOf(e1, 'late')) !== null && !until.aborted) await cluster.status(e2);
      const downAt = performance.now();
      await lab.client.namespace.ip(['link set late down']);
      while ((await problemOf(e1, 'late')) === null && !until.aborted) await cluster.status(e2);
      worst.push(performance.now() - downAt);
      await lab.client.namespace.ip(['link set late up']);
    }
    process.stdout.write(`worst ${worst.join()}\n`);
    expect(Math.max(...worst)).toBeLessThan(askIntervalMs + carrierSlackMs);
  });

  it('that becomes the port of a bridge gives its sets up', async () => {
    await e1.namespace.ip(['link add br9 type bridge', 'link set br9 up', 'link set mv0 master br9']);
    const until = AbortSignal.timeout(deadlineMs);
    while ((await problemOf(e1, 'macvlan')) === null && !until.aborted) await cluster.status(e2);
    expect(await problemOf(e1, 'macvlan')).toBe('interface mv0 is a port of br9');
    await heldBy('10.77.0.102', null);
  });

  it('on which nothing was ever received gets nothing, until a frame comes in', async () => {
    expect(await problemOf(e1, 'port')).toBe('interface vb came up and has received nothing yet');
    expect(cluster.watch.holders('10.78.0.103')).toEqual([]);
    await e1.namespace.ip(['addr add 10.78.0.1/24 dev br1']);
    await e1.namespace.attempt(['arping', '-c', '1', '-w', '1', '-I', 'br1', '10.78.0.9']);
    await heldBy('10.78.0.103', e1);
  });
});
