import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../../agent/control/protocol.ts';
import { exitCodes } from '../../../agent/exit-codes.ts';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import { within } from '../../../agent/lab/deadline.ts';
import type { LabHost } from '../../../agent/lab/lab.ts';
import { programFile } from './agent-program.ts';
import { bringUp, controlOf, deadlineMs, setsInKernels, spread, useCluster } from './standing-cluster.ts';

// The tests are one story: no agent, one, two.
const theCluster = useCluster({
  hosts: 2,
  settings: 'mature = "1s"', // so that one alone begins to serve soon
  sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n',
});
let cluster: Cluster;
let e1: LabHost;
let e2: LabHost;

beforeAll(() => {
  cluster = theCluster();
  e1 = cluster.lab.host('e1');
  e2 = cluster.lab.host('e2');
});

async function statusJson(host: LabHost): Promise<Status> {
  const { stdout } = await cluster.command(host, 'status', '--json');
  return JSON.parse(stdout) as Status; // the published shape; its fields are looked at below
}

/** It shall try the agent's patience with a client, not the machine's processors. */
const askIntervalMs = 10;

/** Owner by set. */
function ownersIn(status: Status): Readonly<Record<string, string | null>> {
  return Object.fromEntries(status.sets.map(({ name, owner }) => [name, owner]));
}

describe('without an agent', () => {
  it.each([['status'], ['members'], ['balance']])('holdfast %s says so and exits 3', async (command) => {
    const { status, stdout, stderr } = await cluster.command(e1, command);
    expect([status, stdout]).toEqual([exitCodes.noAgent, '']);
    expect(stderr).toContain(`No agent answers on ${controlOf(e1)}`);
  });
});

describe('with one agent of two', () => {
  it('holdfast status and members exit 1 and name who is missing; everything is held', async () => {
    await bringUp(cluster, [e1]);
    const status = await cluster.command(e1, 'status');
    expect(status).toMatchObject({ status: exitCodes.degraded, stderr: '' });
    expect(status.stdout).toMatch(/^DEGRADED: 4 sets, all held, 1 of 2 hosts, settled\n/);
    expect(status.stdout).toContain('e2 is absent');
    const members = await cluster.command(e1, 'members');
    expect(members).toMatchObject({ status: exitCodes.degraded, stderr: '' });
    expect(members.stdout).toMatch(/e2 +absent/);
  });
});

describe('with both agents', () => {
  beforeAll(() => bringUp(cluster));

  it('holdfast status exits 0 and shows every set and host', async () => {
    const { status, stdout, stderr } = await cluster.command(e2, 'status');
    expect([status, stderr]).toEqual([exitCodes.ok, '']);
    expect(stdout).toMatch(/^OK: 4 sets, all held, 2 of 2 hosts, settled\n/);
    for (const set of cluster.sets) expect(stdout).toContain(`${set.name}  ${set.addresses[0]?.address}/24  e1`);
    expect(stdout).toMatch(/e1 +member +4/);
    expect(stdout).toMatch(/e2 +member +0/);
  });

  it('holdfast status --json fills every field', async () => {
    const asked = Date.now();
    const status = await statusJson(e1);
    const instant = expect.toSatisfy((text: string) => {
      const at = Date.parse(text);
      return text === new Date(at).toISOString() && at <= Date.now() && at > asked - 120_000;
    });
    expect(status).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      group: 'lab',
      host: 'e1',
      member: expect.stringMatching(/^e1\/[0-9a-f]{32}$/),
      pid: cluster.agent(e1).pid,
      startedAt: instant,
      poolVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
      state: 'settled',
      view: { id: expect.stringMatching(/^\d+\.e[12]$/), since: instant, coordinator: 'e1', level: 1 },
      channel: { engine: 'built-in', peers: [{ host: 'e2', inView: true, state: 'alive' }], refused: {} },
      passedOver: { counts: {}, from: {} },
    });
    expect(status.sets).toMatchObject(
      cluster.sets.map((set) => ({
        name: set.name,
        addresses: [`${set.addresses[0]?.address}/24`],
        interfaces: ['eth0'],
        owner: 'e1',
        since: instant,
        reason: expect.stringContaining('nobody had it'),
        here: 'held',
        heldBy: ['e1'],
        problem: null,
      })),
    );
    expect(status.members).toMatchObject([
      { host: 'e1', member: status.member, state: 'member', coordinator: true, level: 1, sets: 4 },
      { host: 'e2', state: 'member', coordinator: false, level: 1, sets: 0, paths: [{ address: '10.77.0.2' }] },
    ]);
    const [heard] = status.members[1]?.paths ?? [];
    expect(heard?.lastHeardMsAgo).toBeLessThan(2_000);
    expect(status.events.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^view \d+\.e[12]: e1 e2$/));
    expect(status.events.at(0)).toEqual({ at: instant, text: expect.any(String) });
  });

  it('says the same on every host, and what the kernels say', async () => {
    const [one, two] = await Promise.all([statusJson(e1), statusJson(e2)]);
    expect(ownersIn(two)).toEqual(ownersIn(one));
    expect(two.view?.id).toBe(one.view?.id);
    expect(two.sets.map(({ here }) => here)).toEqual(['none', 'none', 'none', 'none']);
    const kernels = await setsInKernels(cluster);
    expect(ownersIn(one)).toEqual(
      Object.fromEntries(Object.entries(kernels).flatMap(([host, names]) => names.map((name) => [name, host]))),
    );
  });

  it('holdfast members --json gives the hosts and the view, and exits 0', async () => {
    const { status, stdout, stderr } = await cluster.command(e2, 'members', '--json');
    expect([status, stderr]).toEqual([exitCodes.ok, '']);
    const { members, view } = await statusJson(e2);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ group: 'lab', host: 'e2', view: { id: view?.id, coordinator: view?.coordinator } });
    expect(told.members.map(({ host, member }: Status['members'][number]) => [host, member])).toEqual(
      members.map(({ host, member }) => [host, member]),
    );
  });

  it('holdfast balance --json tells the moves when they are done; once more there are none', async () => {
    const { status, stdout, stderr } = await cluster.command(e2, 'balance', '--json');
    expect([status, stderr]).toEqual([exitCodes.ok, '']);
    expect(await spread(cluster)).toEqual([2, 2]);
    const { moves } = JSON.parse(stdout);
    const move = { from: 'e1', to: 'e2', reason: expect.stringContaining('balanced: moved from e1') };
    expect(moves).toMatchObject([move, move]);
    expect(moves.map(({ set }: { set: string }) => set).toSorted()).toEqual((await setsInKernels(cluster)).e2);
    expect(JSON.parse((await cluster.command(e1, 'balance', '--json')).stdout)).toEqual({ moves: [] });
  });

  it('holdfast balance on two hosts at once is done for both', async () => {
    const both = await Promise.all([cluster.command(e1, 'balance'), cluster.command(e2, 'balance')]);
    expect(both.map(({ status, stderr }) => [status, stderr])).toEqual([
      [exitCodes.ok, ''],
      [exitCodes.ok, ''],
    ]);
    expect(await spread(cluster)).toEqual([2, 2]);
  });

  it('the control socket is for its owner and group only', () => {
    const found = statSync(controlOf(e1));
    expect(found.isSocket()).toBe(true);
    expect((found.mode & 0o777).toString(8)).toBe('660');
  });

  it('two holdfast status --watch at once are served until they are told to stop', async () => {
    const watch = ['status', '--watch', '0.1', '--json', '--control', controlOf(e1)];
    const watchers = await Promise.all(
      [1, 2].map(() => e1.namespace.open([process.execPath, programFile, ...watch])), //
    );
    for (const watcher of watchers) {
      const lines = await within(deadlineMs, 'three answers', firstLines(watcher.child.stdout, 3));
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ host: 'e1', state: 'settled' });
    }
    expect(watchers.map(({ running }) => running)).toEqual([true, true]);
    for (const watcher of watchers) watcher.signal('SIGINT');
    const endings = watchers.map(({ ended }) => within(deadlineMs, 'the watch to end', ended));
    expect(await Promise.all(endings)).toEqual([
      { status: 0, signal: null },
      { status: 0, signal: null },
    ]);
  });

  it('a client that asks and never reads is cut off; the others and the group do not notice', async () => {
    const before = await statusJson(e1);
    const changesBefore = cluster.watch.events.length;
    const client = connect(controlOf(e1));
    client.pause();
    const cutOff = new Promise<void>((resolve) => {
      client.on('error', () => resolve()); // EPIPE or ECONNRESET, by when it comes
    });
    const ask = (): void => {
      if (!client.destroyed) client.write('{"kind":"status"}\n'.repeat(20), () => setTimeout(ask, askIntervalMs));
    };
    client.once('connect', ask);
    const answers = [statusJson(e1), statusJson(e1), statusJson(e2)];
    await within(deadlineMs, 'the client to be cut off', cutOff);
    client.destroy();
    for (const status of [...(await Promise.all(answers)), await statusJson(e1), await statusJson(e2)]) {
      expect(status.view?.id).toBe(before.view?.id);
      expect(status.state).toBe('settled');
    }
    await cluster.watch.sync();
    expect(cluster.watch.events.slice(changesBefore)).toEqual([]);
  });
});

describe('with an agent that may have no real-time priority', () => {
  it('its log says so once, and so does its status', async () => {
    cluster.agent(e2).signal('SIGTERM');
    await within(deadlineMs, 'the agent of e2 to end', cluster.agent(e2).ended);
    const names = '-sys_nice';
    await cluster.start(e2, [
      ...['setpriv', '--bounding-set', names, '--inh-caps', names, '--'],
      'prlimit',
      '--rtprio=0',
    ]);
    await cluster.joined(e2, deadlineMs);
    const said = /Heartbeats run without real-time priority: Cannot set real-time priority 10: EPERM/g;
    expect(cluster.log(e2).match(said)).toHaveLength(1);
    expect((await statusJson(e2)).channel.notices.join()).toMatch(said);
    expect((await cluster.command(e2, 'status')).status).toBe(exitCodes.ok);
  });
});

function firstLines(stream: NodeJS.ReadableStream | null, count: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    if (stream === null) return reject(new Error('there is no pipe to read'));
    const lines: string[] = [];
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.push(line) === count) resolve(lines);
    });
  });
}
