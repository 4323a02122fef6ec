import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { within } from '../../../agent/lab/deadline.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { openNamespace } from '../../../agent/lab/namespace.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';

// The kinds of interfaces that a set may be on, each with a whole life of a set: claimed, announced, put back, taken over.
/** By an emulated kernel (test/lab/user-mode). */
const slow = process.env.HOLDFAST_SLOW !== undefined;
const deadlineMs = slow ? 60_000 : 15_000;
/** It is announced at 0, 1.1 and 3 s, and not before 45 s then. */
const repeatsOverMs = 4_000;

type Kind = {
  /** Also the interface that carries the set. */
  readonly name: string;
  readonly subnet: string;
  /** On each host: `{n}` is its number, `{client}` a process in the client's namespace. */
  readonly onHost: readonly string[];
  /** On the client, for each host; the client has 250 in the subnet, on `at`. */
  readonly onClientForEach?: readonly string[];
  readonly onClient: readonly string[];
  readonly at: string;
};

const kinds: readonly Kind[] = [
  {
    name: 'macvlan0',
    subnet: '10.91.0',
    onHost: ['link add macvlan0 link eth0 type macvlan mode bridge', 'link set macvlan0 up'],
    onClient: [],
    at: 'eth0',
  },
  {
    // Behind the host's own bridge, as where it has virtual machines; the client is the switch between them.
    name: 'bridge0',
    subnet: '10.92.0',
    onHost: [
      'link add bridge0 type bridge mcast_snooping 0 forward_delay 0',
      'link add up0 index 5{n} type veth peer name x{n} index 6{n} netns {client}',
      'link set up0 master bridge0 up',
      'link set bridge0 up',
    ],
    onClient: ['link add switch0 type bridge mcast_snooping 0 forward_delay 0', 'link set switch0 up'],
    onClientForEach: ['link set x{n} master switch0 up'],
    at: 'switch0',
  },
  {
    name: 'vlan20',
    subnet: '10.93.0',
    onHost: ['link add link eth0 name vlan20 type vlan id 20', 'link set vlan20 up'],
    onClient: ['link add link eth0 name vlan20 type vlan id 20', 'link set vlan20 up'],
    at: 'vlan20',
  },
  {
    name: 'invrf0',
    subnet: '10.94.0',
    onHost: [
      'link add vrf0 type vrf table 10',
      'link set vrf0 up',
      'link add invrf0 link eth0 type macvlan mode bridge',
      'link set invrf0 master vrf0 up',
    ],
    onClient: [],
    at: 'eth0',
  },
  {
    name: 'bond0',
    subnet: '10.95.0',
    onHost: [
      'link add bond0 type bond mode active-backup miimon 10',
      'link add port0 index 7{n} type veth peer name y{n} index 8{n} netns {client}',
      'link add port1 index 9{n} type veth peer name z{n} index 10{n} netns {client}',
      // A bond takes no port that is up, and in one command `ip` brings it up first.
      'link set port0 master bond0',
      'link set port1 master bond0',
      'link set port0 up',
      'link set port1 up',
      'link set bond0 up',
    ],
    onClient: ['link add switch1 type bridge mcast_snooping 0 forward_delay 0', 'link set switch1 up'],
    onClientForEach: ['link set y{n} master switch1 up', 'link set z{n} master switch1 up'],
    at: 'switch1',
  },
];

/** The kinds that the kernel of this machine has; why not, of the others. */
const lacking = new Map<string, string>();

let lab: Lab;
let cluster: Cluster;
let probing: Probing;
let e1: LabHost;
let e2: LabHost;

/** As the settled links of a host are: what is asked of all comes in on each. A bond takes a moment to choose one of its links. */
async function heardFrom({ name, subnet, at }: Kind): Promise<void> {
  const until = AbortSignal.timeout(deadlineMs);
  const received = async ({ namespace }: LabHost) => {
    const [link] = JSON.parse(await namespace.run(['ip', '-j', '-s', 'link', 'show', 'dev', name]));
    return link.stats64.rx.packets > 0;
  };
  do {
    until.throwIfAborted();
    await lab.client.namespace.attempt(['arping', '-c', '1', '-w', '1', '-I', at, `${subnet}.199`]);
  } while (!(await received(e1)) || !(await received(e2)));
}

async function examine(kind: Kind): Promise<void> {
  const scratch = await openNamespace('scratch', '/dev/null');
  await scratch.ip(['link add eth0 type veth peer name eth1', 'link set eth0 up']);
  const commands = kind.onHost.map((line) => filled(line, 1, scratch.holderPid));
  const { status, stderr } = await scratch.attempt(['ip', '-batch', '-'], `${commands.join('\n')}\n`);
  await scratch.dispose();
  if (status === 0) return;
  // Any other refusal is a defect of the test, which would be skipped for ever.
  if (!/Unknown device type|Operation not supported/.test(stderr)) throw new Error(`${kind.name}: ${stderr}`);
  lacking.set(kind.name, stderr.trim().split('\n')[0] ?? 'refused');
}

function filled(line: string, number: number, clientPid: number): string {
  return line.replaceAll('{n}', String(number)).replaceAll('{client}', String(clientPid));
}

beforeAll(async () => {
  await Promise.all(kinds.map(examine));
  for (const [name, why] of lacking)
    process.stdout.write(`  ${name}: not tried, this kernel has no such kind (${why})\n`);
  const there = kinds.filter(({ name }) => !lacking.has(name));
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  const client = lab.client.namespace;
  for (const kind of there) {
    await client.ip([...kind.onClient, `addr add ${kind.subnet}.250/24 dev ${kind.at}`]);
    for (const [at, host] of [e1, e2].entries()) {
      await host.namespace.ip(kind.onHost.map((line) => filled(line, at + 1, client.holderPid)));
      await client.ip((kind.onClientForEach ?? []).map((line) => filled(line, at + 1, client.holderPid)));
    }
    await heardFrom(kind);
  }
  cluster = await makeCluster(lab, {
    settings: `probe = "off"\n${slow ? 'heartbeat = "1s"\nhang = "10s"' : ''}`,
    sets: there
      .map(
        ({ name, subnet }) =>
          `[set.${name}]\ninterface = "${name}"\naddresses = ["${subnet}.101/24"]\nprefer = ["e1"]\n`,
      )
      .join(''),
  });
  await Promise.all([e1, e2].map((host) => cluster.start(host)));
  await cluster.watch.until('e1 to hold every set', deadlineMs, () =>
    there.every(({ subnet }) => cluster.watch.holders(`${subnet}.101`).join() === 'e1'),
  );
  probing = await startProbing(lab.client.namespace, { addresses: there.map(({ subnet }) => `${subnet}.101`) });
});

afterAll(async () => lab.dispose());

function kindNamed(name: string): Kind {
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) throw new RangeError(name);
  return kind;
}

async function macOf(host: LabHost, name: string): Promise<string> {
  const [link] = JSON.parse(await host.namespace.run(['ip', '-j', 'link', 'show', 'dev', name]));
  return link.address;
}

/** Whose MAC the client has for the address when it reaches it. */
async function reachedAt({ subnet, at }: Kind): Promise<string> {
  const address = `${subnet}.101`;
  await probing.allAnswering(deadlineMs);
  const [neighbour] = JSON.parse(await lab.client.namespace.run(['ip', '-j', 'neigh', 'show', address, 'dev', at]));
  return neighbour.lladdr;
}

describe.each(kinds)('a set on $name', (kind) => {
  const address = `${kind.subnet}.101`;

  it('is claimed there, and clients reach it', async ({ skip }) => {
    skip(lacking.has(kind.name), lacking.get(kind.name));
    const there = await lab.addresses(e1);
    expect(there.find((each) => each.address === address)?.interface).toBe(kind.name);
    expect(await reachedAt(kind)).toBe(await macOf(e1, kind.name));
  });

  it('is put back when something removes it', async ({ skip }) => {
    skip(lacking.has(kind.name), lacking.get(kind.name));
    const before = cluster.watch.events.length;
    await e1.namespace.ip([`addr del ${address}/24 dev ${kind.name}`]);
    await cluster.watch.until('it to be back', deadlineMs, () =>
      cluster.watch.events.slice(before).some((event) => event.kind === 'held' && event.address === address),
    );
    expect(cluster.watch.holders(address)).toEqual(['e1']);
  });
});

describe('a bond that changes to another of its links', () => {
  const name = 'bond0';

  it('has its sets announced again', async ({ skip }) => {
    skip(lacking.has(name), lacking.get(name));
    // The kernel announces by itself as well, by requests alone (NETDEV_NOTIFY_PEERS): replies are ours.
    const replies = await lab.client.namespace.open([
      'tcpdump',
      '-l',
      '-n',
      '-i',
      'switch1',
      'arp[6:2] = 2 and arp[14:4] = arp[24:4]',
    ]);
    if (replies.child.stdout === null || replies.child.stderr === null) throw new Error('tcpdump has no output');
    const listening = createInterface({ input: replies.child.stderr })[Symbol.asyncIterator]();
    while (!/listening/.test(String((await within(deadlineMs, 'tcpdump', listening.next())).value)));
    const seen: string[] = [];
    const frames = createInterface({ input: replies.child.stdout }).on('line', (line) => seen.push(line));
    // The ones after these, that nobody asks for, do not come before 45 s.
    await cluster.command(e1, 'announce', name);
    const announcedAt = monotonicMs();
    while (monotonicMs() - announcedAt < repeatsOverMs) await cluster.status(e1);
    const before = seen.length;
    await e1.namespace.ip(['link set bond0 type bond active_slave port1']);
    while (seen.length === before) await within(deadlineMs, 'an announcement', once(frames, 'line'));
    const reply = seen.at(-1);
    expect(reply).toContain(`Reply 10.95.0.101 is-at ${await macOf(e1, name)}`);
    expect(await reachedAt(kindNamed(name))).toBe(await macOf(e1, name));
    replies.signal('SIGTERM');
  });
});

describe('when its host has no power any more', () => {
  beforeAll(async () => {
    await lab.cutPower(e1);
    for (const { name, onClientForEach = [] } of kinds) {
      if (lacking.has(name)) continue;
      const ports = onClientForEach.flatMap((line) => /set (\S+)\{n\}/.exec(line)?.[1] ?? []);
      await lab.client.namespace.ip(ports.map((port) => `link set ${port}1 down`));
    }
  });

  it.for(kinds)('a set on $name is taken over and announced', async (kind, { skip }) => {
    skip(lacking.has(kind.name), lacking.get(kind.name));
    await cluster.watch.until('e2 to have it', deadlineMs, () =>
      cluster.watch.holders(`${kind.subnet}.101`).includes('e2'),
    );
    expect(await reachedAt(kind)).toBe(await macOf(e2, kind.name));
  });
});
