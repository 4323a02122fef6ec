import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';

// What a host's kernel or its links do not allow: that set alone is concerned, says why, and goes to the host that can.
const deadlineMs = 15_000;

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;
/** Why this kernel has no link whose MTU can be below 68 (RFC 791); null: it has one. */
let lacksTiny: string | null = null;

const set = (name: string, on: string, address: string) =>
  `[set.${name}]\ninterface = "${on}"\naddresses = ["${address}"]\nprefer = ["e1"]\n`;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  for (const { namespace } of [e1, e2]) {
    await namespace.ip(
      ['small', 'six', 'quiet'].flatMap((name) => [
        `link add ${name} link eth0 type macvlan mode bridge`,
        `link set ${name} up`,
      ]),
    );
  }
  await e1.namespace.ip(['link set small mtu 1000']); // IPv6 needs 1280 (RFC 8200 §5): the kernel takes it off the interface
  await e1.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/six/disable_ipv6']);
  for (const { namespace } of [e1, e2]) {
    const made = await namespace.attempt(['ip', 'link', 'add', 'tiny', 'type', 'ifb']);
    if (made.status !== 0) lacksTiny = made.stderr.trim();
  }
  if (lacksTiny === null) {
    for (const { namespace } of [e1, e2]) {
      await namespace.ip(['link set tiny arp on', 'link set tiny up']);
      await namespace.attempt(['arping', '-D', '-c', '1', '-w', '1', '-I', 'tiny', '10.78.0.199']); // its own frames come back in
    }
    await e1.namespace.ip(['link set tiny mtu 60']);
  } else process.stdout.write(`  tiny: not tried, this kernel has no ifb (${lacksTiny})\n`);
  // Heard from, as the settled links of a host are: a question to all reaches every macvlan.
  await lab.client.namespace.attempt(['arping', '-c', '1', '-w', '1', '-I', 'eth0', '10.77.0.199']);
  cluster = await makeCluster(lab, {
    settings: 'probe = "off"',
    sets:
      set('plain', 'eth0', '10.77.0.101/24') +
      set('small', 'small', 'fd77::102/64') +
      set('six', 'six', 'fd77::103/64') +
      set('quiet', 'quiet', '10.77.0.104/24') +
      (lacksTiny === null ? set('tiny', 'tiny', '10.78.0.107/24') : '') +
      set('full', 'eth0', '10.77.0.105/24') +
      set('forbidden', 'eth0', '10.77.0.106/24'),
  });
  await Promise.all([cluster.start(e1, await refusing('10.77.0.105=105 10.77.0.106=1')), cluster.start(e2)]); // ENOBUFS, EPERM
  await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
});

afterAll(async () => lab.dispose());

/** A kernel that refuses addresses for reasons which this one cannot be given. */
async function refusing(addresses: string): Promise<readonly string[]> {
  const library = join(lab.directory, 'refuse-address.so');
  const source = fileURLToPath(new URL('refuse-address.c', import.meta.url));
  await e1.namespace.run(['cc', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  return ['env', `LD_PRELOAD=${library}`, `REFUSED=${addresses}`];
}

const holdersOf = (address: string) => cluster.watch.holders(address).join();

async function problemOf(host: LabHost, name: string): Promise<string | null> {
  return (await cluster.status(host)).sets.find((each) => each.name === name)?.problem ?? null;
}

describe('an address that the kernel refuses', () => {
  it.for<readonly [name: string, address: string, why: string]>([
    ['small', 'fd77::102', 'Cannot add fd77::102/64 to small: EINVAL'],
    ['six', 'fd77::103', 'Cannot add fd77::103/64 to six: EACCES (ipv6: IPv6 is disabled on this device)'],
    [
      'tiny',
      '10.78.0.107',
      'Cannot add 10.78.0.107/24 to tiny: ENOBUFS (no memory for it, or an MTU below 68, which has no IPv4)',
    ],
    [
      'full',
      '10.77.0.105',
      'Cannot add 10.77.0.105/24 to eth0: ENOBUFS (no memory for it, or an MTU below 68, which has no IPv4)',
    ],
    ['forbidden', '10.77.0.106', 'Cannot add 10.77.0.106/24 to eth0: EPERM (needs CAP_NET_ADMIN)'],
  ])(
    "on %s: the set goes to the host whose kernel takes it, and the status has the kernel's words",
    async ([name, address, why], { skip }) => {
      skip(name === 'tiny' && lacksTiny !== null, lacksTiny ?? '');
      expect(holdersOf(address)).toBe('e2');
      expect(cluster.log(e1)).toContain(why);
      expect(await problemOf(e1, name)).toBe(why);
    },
  );

  it('disturbs no other set', () => {
    expect(holdersOf('10.77.0.101')).toBe('e1');
    expect(holdersOf('10.77.0.104')).toBe('e1');
  });
});

describe('a link without ARP', () => {
  it('gives its sets to a host that can tell the network, and takes none', async () => {
    await e1.namespace.ip(['link set quiet arp off']);
    await cluster.watch.until('e2 to have it', deadlineMs, () => holdersOf('10.77.0.104') === 'e2');
    const why = 'interface quiet has no ARP: stations could not be told where the address is';
    expect(await problemOf(e1, 'quiet')).toBe(why);
    expect((await cluster.command(e1, 'status')).stdout).toContain(why);
    expect(holdersOf('10.77.0.101')).toBe('e1');
  });

  it('holds them again when it has ARP', async () => {
    await e1.namespace.ip(['link set quiet arp on']);
    const until = AbortSignal.timeout(deadlineMs);
    while ((await problemOf(e1, 'quiet')) !== null && !until.aborted) await cluster.status(e2);
    await e2.namespace.ip(['link set quiet arp off']);
    await cluster.watch.until('e1 to have it', deadlineMs, () => holdersOf('10.77.0.104') === 'e1');
  });
});
