import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';

// A subnet in which the host gets an address of its own only when ours are there already: they are primaries then.
const deadlineMs = 15_000;
const ours = ['10.78.0.101', '10.78.0.102', '10.78.0.103'];

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let probing: Probing;

beforeAll(async () => {
  lab = await createLab({ hosts: 1 });
  e1 = lab.host('e1');
  await lab.client.namespace.ip(['addr add 10.78.0.250/24 dev eth0']);
  cluster = await makeCluster(lab, {
    settings: 'probe = "off"',
    sets: '[pool.web]\ninterface = "eth0"\nrange = "10.78.0.101-10.78.0.103"\nprefix = 24\n',
  });
  await cluster.start(e1);
  await cluster.joined(e1, deadlineMs);
  await cluster.covered(deadlineMs);
  probing = await startProbing(lab.client.namespace, { addresses: ours });
  await probing.allAnswering(deadlineMs);
});

afterAll(async () => lab.dispose());

/** The subnet's addresses as `ip` lists them, the primary first. */
async function order(): Promise<readonly string[]> {
  const [link] = JSON.parse(await e1.namespace.run(['ip', '-j', '-4', 'addr', 'show', 'dev', 'eth0']));
  const infos: readonly { local: string; secondary?: boolean }[] = link.addr_info;
  const inSubnet = infos.filter(({ local }) => local.startsWith('10.78.'));
  return inSubnet.map(({ local, secondary }) => `${local}${secondary === true ? '' : ' primary'}`);
}

const sorted = ours.map((address) => address).sort();

describe("an address of the host's own that comes after ours", () => {
  it('is the primary all the same: ours go behind it, its routes stay, and hardly a probe is lost', async () => {
    expect((await order())[0]).toMatch(/^10\.78\.0\.10[123] primary$/);
    probing.begin('own');
    await e1.namespace.ip(['addr add 10.78.0.1/24 brd + dev eth0', 'route add 10.99.0.0/16 via 10.78.0.250 dev eth0']);
    await cluster.watch.until('ours to be added again', deadlineMs, () =>
      ours.every(
        (address) =>
          cluster.watch.events.filter((event) => event.kind === 'held' && event.address === address).length === 2,
      ),
    );
    const [primary, ...others] = await order();
    expect(primary).toBe('10.78.0.1 primary');
    expect([...others].sort()).toEqual(sorted);
    expect(await e1.namespace.run(['ip', 'route', 'get', '10.99.0.1'])).toMatch(
      /via 10\.78\.0\.250 .*src 10\.78\.0\.1 /,
    );
    const { addresses } = await probing.end('own');
    for (const { lost } of addresses) expect(lost).toBeLessThanOrEqual(1);
    const { events } = await cluster.status(e1);
    expect(events.map(({ text }) => text)).toContainEqual(expect.stringMatching(/put behind 10\.78\.0\.1 on eth0/));
    expect(events.map(({ text }) => text)).not.toContainEqual(
      expect.stringMatching(/removed from eth0 by something else/),
    );
  });

  it('is left as it is without promote_secondaries, which would remove it along with ours; the status says so', async () => {
    await e1.namespace.run(['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/conf/all/promote_secondaries']);
    await e1.namespace.ip(['addr flush dev eth0 to 10.78.0.0/24']);
    await cluster.covered(deadlineMs);
    await e1.namespace.ip(['addr add 10.78.0.1/24 brd + dev eth0']);
    const problems = async () => (await cluster.status(e1)).sets.flatMap(({ problem }) => problem ?? []);
    const until = AbortSignal.timeout(deadlineMs);
    while ((await problems()).length === 0 && !until.aborted);
    expect(await problems()).toEqual([
      expect.stringMatching(
        /^10\.78\.0\.10[123] is the primary of its subnet on eth0, before 10\.78\.0\.1 of the host/,
      ),
    ]);
    expect(await order()).toHaveLength(4);
  });
});
