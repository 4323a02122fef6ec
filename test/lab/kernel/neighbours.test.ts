import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';

// A client that takes nothing which is sent to all: no announcement reaches it. It has talked with the owner of a set, no other host has seen it.
const deadlineMs = 15_000;
/** From the claim of the successor until the client, left to itself, asks anew: 5 s of delay and three questions in vain. */
const withoutHelpMs = 5_000;

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;
let probing: Probing;

const addresses = ['10.77.0.101', 'fd77::101'];

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  await lab.client.namespace.run(
    ['nft', '-f', '-'],
    [
      'table netdev deaf {',
      'chain in {',
      'type filter hook ingress device "eth0" priority 0',
      'ether type arp ether daddr ff:ff:ff:ff:ff:ff drop',
      'icmpv6 type nd-neighbor-advert ether daddr 33:33:00:00:00:01 drop',
      '}',
      '}\n',
    ].join('\n'),
  );
  cluster = await makeCluster(lab, {
    settings: 'probe = "off"',
    sets: '[set.www]\naddresses = ["10.77.0.101/24", "fd77::101/64"]\nprefer = ["e1"]\n',
  });
  await Promise.all([e1, e2].map((host) => cluster.start(host)));
  await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
  probing = await startProbing(lab.client.namespace, { addresses });
  await probing.allAnswering(deadlineMs);
});

afterAll(async () => lab.dispose());

async function macsAtClient(): Promise<readonly string[]> {
  const entries: readonly { dst: string; lladdr: string }[] = JSON.parse(
    await lab.client.namespace.run(['ip', '-j', 'neigh', 'show', 'dev', 'eth0']),
  );
  return addresses.map((address) => entries.find(({ dst }) => dst === address)?.lladdr ?? 'none');
}

describe('a host that only the dead owner has talked with', () => {
  it('is told by the successor, to whom the owner had told of it', async () => {
    expect(await macsAtClient()).toEqual([e1.wiring.mac, e1.wiring.mac]);
    const until = AbortSignal.timeout(deadlineMs);
    while ((await cluster.status(e2)).neighbours < 2 && !until.aborted);
    expect((await e2.namespace.run(['ip', 'neigh', 'show', '10.77.0.250'])).trim()).not.toMatch(/REACHABLE/);
    await lab.cutPower(e1);
    await cluster.watch.until('e2 to have it', deadlineMs, () =>
      addresses.every((address) => cluster.watch.holders(address).join() === 'e2'),
    );
    const claimedAt = performance.now();
    await probing.allAnswering(deadlineMs);
    expect(performance.now() - claimedAt).toBeLessThan(withoutHelpMs / 2);
    expect(await macsAtClient()).toEqual([e2.wiring.mac, e2.wiring.mac]);
  });
});
