import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';

// Interfaces that no file names: found by the subnet that a host's own address is in. And sets that are on two of them.
const deadlineMs = 15_000;

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;

/** A second segment beside eth0's, over the same cable, under another name on each host. */
const second = (host: LabHost) => (host === e1 ? 'lan1' : 'dmz');

async function addSecond(host: LabHost, name: string, address: string | null): Promise<void> {
  await host.namespace.ip([`link add ${name} link eth0 type macvlan mode bridge`, `link set ${name} up`]);
  if (address !== null) await host.namespace.ip([`addr add ${address} brd + dev ${name}`]);
}

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  await addSecond(e1, second(e1), '10.78.0.1/24');
  await addSecond(e2, second(e2), '10.78.0.2/24');
  await addSecond(e1, 'spare', null);
  // Heard from, as the settled links of a host are: a question to all reaches every macvlan.
  await lab.client.namespace.attempt(['arping', '-c', '1', '-w', '1', '-I', 'eth0', '10.77.0.199']);
  cluster = await makeCluster(lab, {
    settings: 'probe = "off"',
    sets:
      '[set.plain]\naddresses = ["10.77.0.101/24"]\nprefer = ["e1"]\n' +
      '[set.both]\naddresses = ["10.77.0.102/24", "10.78.0.102/24", { address = "fd78::102/64", interface = "10.78.0.0/24" }]\n' +
      'prefer = ["e1"]\n',
  });
  await Promise.all([e1, e2].map((host) => cluster.start(host)));
  await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
});

afterAll(async () => lab.dispose());

/** The interfaces of the host that have one of the addresses, as `ip` says. */
async function places(host: LabHost, ...addresses: readonly string[]): Promise<readonly string[]> {
  const there = await lab.addresses(host);
  return addresses.map((address) => there.find((each) => each.address === address)?.interface ?? 'nowhere');
}

const both = ['10.77.0.102', '10.78.0.102', 'fd78::102'];

async function heldBy(host: LabHost): Promise<void> {
  await cluster.watch.until(`${host.name} to have the set on two interfaces`, deadlineMs, () =>
    both.every((address) => cluster.watch.holders(address).join() === host.name),
  );
}

describe('a set without an interface', () => {
  it('has each address where the host has one in the same subnet, whatever the interface is called', async () => {
    expect(await places(e1, '10.77.0.101', ...both)).toEqual(['eth0', 'eth0', 'lan1', 'lan1']);
    const { sets } = await cluster.status(e1);
    expect(sets.find(({ name }) => name === 'both')?.interfaces).toEqual(['10.77.0.0/24', '10.78.0.0/24']);
  });

  it('moves as a whole when one of its interfaces fails, and stays apart from sets that are not on it', async () => {
    await e1.namespace.ip([`link set ${second(e1)} down`]);
    await heldBy(e2);
    expect(await places(e2, ...both)).toEqual(['eth0', 'dmz', 'dmz']);
    expect(cluster.watch.holders('10.77.0.101')).toEqual(['e1']);
  });

  it('is put where the address of the host has moved to', async () => {
    await e1.namespace.ip([`link del ${second(e1)}`, 'addr add 10.78.0.1/24 brd + dev spare']);
    const problem = async () => (await cluster.status(e1)).sets.find(({ name }) => name === 'both')?.problem ?? null;
    const until = AbortSignal.timeout(deadlineMs);
    while ((await problem()) !== null && !until.aborted) await cluster.status(e2);
    await e2.namespace.ip([`link set ${second(e2)} down`]);
    await heldBy(e1);
    expect(await places(e1, ...both)).toEqual(['eth0', 'spare', 'spare']);
  });

  it('stays where it is when a second interface gets an address in the subnet, and the status says so', async () => {
    await addSecond(e1, 'other', '10.78.0.11/24');
    const why = 'interfaces spare and other have addresses in 10.78.0.0/24: it stays on spare until the agent restarts';
    const problem = async () => (await cluster.status(e1)).sets.find(({ name }) => name === 'both')?.problem ?? '';
    const until = AbortSignal.timeout(deadlineMs);
    while (!(await problem()).startsWith(why) && !until.aborted) await cluster.status(e2);
    expect(await problem()).toContain(why);
    expect(await places(e1, ...both)).toEqual(['eth0', 'spare', 'spare']);
  });
});
