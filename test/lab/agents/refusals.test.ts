import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../../agent/control/protocol.ts';
import { type ExitCode, exitCodes } from '../../../agent/exit-codes.ts';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import { within } from '../../../agent/lab/deadline.ts';
import type { LabHost } from '../../../agent/lab/lab.ts';
import type { LabProcess } from '../../../agent/lab/process.ts';
import { programFile } from './agent-program.ts';
import { type AgentStart, type FileParts, type RefusedAgent, startRefused, writeConfig } from './refused-agent.ts';
import { bringUp, controlOf, deadlineMs, poolAddresses, useCluster } from './standing-cluster.ts';

// Agents run on e1 and e2 all the time; e3 is where others try.
const theCluster = useCluster({
  hosts: 3,
  settings: 'mature = "1s"', // two of three begin to serve soon
  sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n',
});
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;
let e3: LabHost;
let keyFile: string;

beforeAll(async () => {
  cluster = theCluster();
  [e1, e2, e3] = [cluster.lab.host('e1'), cluster.lab.host('e2'), cluster.lab.host('e3')];
  keyFile = join(e3.directory, 'group.key');
  await bringUp(cluster, [e1, e2]);
  // The same key as theirs.
  await e3.namespace.run(['install', '-m', '600', join(cluster.configFile, '..', 'lab.key'), keyFile]);
});

/** On e3, with a file of these parts. */
function attempt(parts: FileParts, start: Omit<AgentStart, 'config'> = {}): Promise<RefusedAgent> {
  return startRefused(e3, { ...start, config: writeConfig(e3, keyFile, parts) });
}

/** What every refusal has in common: one message on stderr, its exit code, and a kernel that is as it was. */
function expectRefusal(ended: RefusedAgent, code: ExitCode, says: readonly (string | RegExp)[]): void {
  for (const text of says) expect(ended.stderr).toMatch(text);
  expect(ended).toMatchObject({ status: code, stdout: '' });
  expect(ended.stderr).toMatch(/^holdfast: /m); // after what it logged
  expect(ended.stderr).not.toMatch(/^\s+at /m); // no stack
  expect(ended.addressesAfter).toBe(ended.addressesBefore);
}

/** The agents of e1 and e2 go on as one group, and nothing of the pool moves. */
async function expectGroupUnaffected(act: () => Promise<void>): Promise<void> {
  const [before] = await Promise.all([cluster.status(e1), cluster.watch.sync()]);
  const changes = cluster.watch.events.length;
  await act();
  await cluster.watch.sync();
  const pool = poolAddresses(cluster);
  expect(cluster.watch.events.slice(changes).filter(({ address }) => pool.includes(address))).toEqual([]);
  for (const host of [e1, e2]) {
    const { state, view } = await cluster.status(host);
    expect({ state, view: view?.id }).toEqual({ state: 'settled', view: before.view?.id });
  }
}

function set(name: string, address: string, interfaceName = 'eth0'): string {
  return `[set.${name}]\ninterface = "${interfaceName}"\naddresses = ["${address}"]\n`;
}

describe('holdfast agent refuses', () => {
  it.each<[string, FileParts, ExitCode, readonly (string | RegExp)[]]>([
    [
      'a file that names this host nowhere',
      { hosts: '[host.a]\npaths = ["10.77.0.7"]\n[host.b]\npaths = ["10.77.0.8"]\n' },
      exitCodes.hostUnknown,
      ['holdfast.toml does not name this host', '10.77.0.3', 'paths of a: 10.77.0.7', '--host NAME'],
    ],
    [
      'a file that names this host twice',
      { hosts: 'discovery = "hosts"\n[host.a]\npaths = ["10.77.0.3"]\n[host.b]\npaths = ["fd77::3"]\n' },
      exitCodes.hostUnknown,
      ['more than once: a (by 10.77.0.3) and b (by fd77::3)', '--host NAME'],
    ],
    [
      'an unknown interface',
      { sets: set('www', '10.77.0.201/24', 'eth7') },
      exitCodes.interfaceUnknown,
      ['Set www is on interface eth7', /it has .*eth0/],
    ],
    [
      'an address that is not valid',
      { sets: set('www', '10.77.0.300/24') },
      exitCodes.configuration,
      [/holdfast\.toml:\d+:\d+: .*10\.77\.0\.300/],
    ],
    [
      'an address that is in two sets',
      { sets: set('www', '10.77.0.201/24') + set('mail', '10.77.0.201/24') },
      exitCodes.configuration,
      [/holdfast\.toml:\d+:\d+: .*10\.77\.0\.201.*www/],
    ],
    [
      'a key file that is missing',
      { keyFile: '/nowhere/lab.key' },
      exitCodes.keyFile,
      ['Cannot read the key file /nowhere/lab.key', 'holdfast keygen /nowhere/lab.key'],
    ],
  ])('%s', async (_, parts, code, says) => {
    expectRefusal(await attempt(parts), code, says);
  });

  it('a key file that others may read', async () => {
    const open = join(e3.directory, 'open.key');
    await e3.namespace.run([process.execPath, programFile, 'keygen', open]);
    chmodSync(open, 0o644);
    expectRefusal(await attempt({ keyFile: open }), exitCodes.keyFile, [open, 'mode 0644', `chmod 600 ${open}`]);
  });

  it('a set whose subnet two interfaces of the host are in', async () => {
    await e3.namespace.ip(['link add mv0 link eth0 type macvlan mode bridge', 'addr add 10.77.0.33/24 dev mv0']);
    const sets = '[set.own]\naddresses = ["10.77.0.201/24"]\n';
    expectRefusal(await attempt({ sets }), exitCodes.interfaceUnknown, [
      'Set own has no place on this host: interfaces eth0 and mv0 have addresses in 10.77.0.0/24: name one of them',
    ]);
    await e3.namespace.ip(['link del mv0']);
  });

  it('a path that is not on this host', async () => {
    const says = ['Path 10.77.0.2 of host e2 is not an address of this host', '10.77.0.3'];
    expectRefusal(await attempt({}, { argv: ['--host', 'e2'] }), exitCodes.interfaceUnknown, says);
  });

  it.each([
    ['CAP_NET_ADMIN and CAP_NET_RAW', '-net_admin,-net_raw'],
    ['CAP_NET_RAW', '-net_raw'],
    ['CAP_NET_ADMIN', '-net_admin'],
  ])('to run without %s', async (missing, names) => {
    const ended = await attempt({}, { under: ['setpriv', '--bounding-set', names, '--inh-caps', names, '--'] });
    const says = [`Cannot manage addresses: ${missing} missing;`, 'run the agent as root or through its systemd unit'];
    expectRefusal(ended, exitCodes.privilege, says);
  });

  it('to run where a network namespace of another user namespace makes its capabilities worth nothing', async () => {
    const ended = await attempt({}, { under: ['unshare', '--user', '--map-root-user', '--'] });
    expectRefusal(ended, exitCodes.privilege, [
      'Cannot manage addresses, though the capabilities are there: Cannot open packet socket: EPERM',
      'a system call filter, RestrictAddressFamilies of a unit, or a user namespace refuses it',
    ]);
  });

  it.each([
    ['netlink', 16], // AF_*
    ['packet', 17],
  ])('to run where a system call filter refuses it %s sockets', async (name, family) => {
    const filter = join(e3.directory, 'refuse-socket');
    await e3.namespace.run(['cc', '-o', filter, fileURLToPath(new URL('refuse-socket.c', import.meta.url))]);
    const ended = await attempt({}, { under: [filter, String(family)] });
    expectRefusal(ended, exitCodes.privilege, [`capabilities are there: Cannot open ${name} socket`, 'EPERM']);
  });

  it.each([
    ['that is not there', 'nowhere.toml', () => {}, /ENOENT|no such file/],
    ['that is a directory', 'directory.toml', (file: string) => mkdirSync(file), 'no regular file'],
    ['that is no TOML', 'broken.toml', (file: string) => writeFileSync(file, 'group = ['), /broken\.toml:\d+:\d+: /],
  ])('a configuration %s', async (_, name, prepare, says) => {
    const config = join(e3.directory, name);
    prepare(config);
    expectRefusal(await startRefused(e3, { config }), exitCodes.configuration, [config, says]);
  });

  it.each(['10.77.0.3', '0.0.0.0'])('a port that is in use, on %s', async (address) => {
    const holder = await bindPort(e3, address);
    const ended = await attempt({});
    holder.signal('SIGKILL');
    await holder.ended;
    expectRefusal(ended, exitCodes.portInUse, ['UDP 10.77.0.3 port 4807: EADDRINUSE', 'set another port']);
  });

  it('to run beside another agent of the host, which goes on', async () => {
    await expectGroupUnaffected(async () => {
      const ended = await startRefused(e1, { config: cluster.configFile });
      expectRefusal(ended, exitCodes.agentRunning, [
        'Another agent runs on this host',
        `holdfast status --control ${controlOf(e1)}`,
      ]);
    });
  });

  it('to run beside another agent of the host that has another control socket', async () => {
    await expectGroupUnaffected(async () => {
      const argv = ['--control', join(e1.directory, 'other', 'control.sock')];
      const ended = await startRefused(e1, { config: cluster.configFile, argv });
      expectRefusal(ended, exitCodes.portInUse, ['UDP 10.77.0.1 port 4807: EADDRINUSE']);
    });
  });
});

describe('in a group, holdfast agent refuses', () => {
  it('a name that another live member has, by whose address it calls it', async () => {
    await expectGroupUnaffected(async () => {
      const hosts = '[host.e1]\npaths = ["10.77.0.3"]\n[host.e2]\npaths = ["10.77.0.2"]\n';
      const says = ['Cannot join group lab: another live agent at 10.77.0.1 has the host name e1', 'name of its own'];
      expectRefusal(await attempt({ hosts }), exitCodes.nameTaken, says);
    });
  });

  it.each<[string, () => Promise<FileParts>, RegExp, readonly string[]]>([
    [
      'another key',
      withAnotherKey,
      /Host e[12] \(10\.77\.0\.[12]\) speaks with another key/,
      ['unknown-key', 'bad-seal'],
    ],
    [
      'another group name',
      async () => ({ group: 'other' }),
      /Host e[12] \(10\.77\.0\.[12]\) speaks for another group than other/,
      ['other-group'],
    ],
  ])('to serve where hosts of its file have %s; they count its frames', async (_, parts, says, reasons) => {
    const count = (status: Status): number =>
      reasons.reduce((sum, reason) => sum + (status.channel.refused[reason] ?? 0), 0);
    const before = count(await cluster.status(e1));
    await expectGroupUnaffected(async () => {
      expectRefusal(await attempt(await parts()), exitCodes.foreignKey, [says]);
    });
    const { status, stdout } = await cluster.command(e1, 'status', '--json');
    const after = JSON.parse(stdout) as Status; // the published shape
    expect(status).toBe(exitCodes.degraded); // e3 is absent
    expect(count(after)).toBeGreaterThan(before);
    expect(reasons.map((reason) => after.channel.refusedFrom[reason])).toContain('10.77.0.3');
  });
});

async function withAnotherKey(): Promise<FileParts> {
  const other = join(e3.directory, 'other.key');
  await e3.namespace.run([process.execPath, programFile, 'keygen', other]);
  return { keyFile: other };
}

/** A program of the host that has the port of the agents. */
async function bindPort(host: LabHost, address: string): Promise<LabProcess> {
  const script = `require('dgram').createSocket('udp4').bind(4807, '${address}', () => console.log('bound'))`;
  const holder = await host.namespace.open([process.execPath, '-e', script]);
  const bound = new Promise<void>((resolve) => holder.child.stdout?.once('data', () => resolve()));
  await within(deadlineMs, 'the port to be bound', bound);
  return holder;
}
