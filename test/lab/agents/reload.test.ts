import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../../agent/exit-codes.ts';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import { interfaceName, type LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';
import { bringUp, deadlineMs, useCluster } from './standing-cluster.ts';

/** An address of a set's own subnet, by its last number. */
const at = (last: number): string => `10.77.0.${last}`;

function setOf(name: string, ...addresses: readonly number[]): string {
  const list = addresses.map((last) => `"${at(last)}/24"`).join(', ');
  return `[set.${name}]\ninterface = "eth0"\naddresses = [${list}]\n`;
}

const before = [setOf('www', 101, 102), setOf('api', 103), setOf('old', 104), setOf('db', 105)].join('\n');
const after = [setOf('www', 101, 106), setOf('api', 103), setOf('new', 107), setOf('db', 105)].join('\n');

// The tests are one story, told to hosts that have one file.
const theCluster = useCluster({ hosts: 3, sets: before });
let cluster: Cluster;
let probing: Probing;

beforeAll(async () => {
  cluster = theCluster();
  await bringUp(cluster);
  probing = await startProbing(cluster.lab.client.namespace, { addresses: [101, 103, 105].map(at) });
  await probing.allAnswering(deadlineMs);
});

function rewrite(change: (text: string) => string): void {
  writeFileSync(cluster.configFile, change(readFileSync(cluster.configFile, 'utf8')));
}

async function reloadAll(): Promise<readonly string[]> {
  const outputs: string[] = [];
  for (const host of cluster.lab.hosts) {
    const { status, stdout, stderr } = await cluster.command(host, 'reload');
    expect([status, stderr]).toEqual([exitCodes.ok, '']);
    outputs.push(stdout);
  }
  return outputs;
}

/** `101:e1 103:e2`: who has what in its kernel. */
function holders(...lasts: readonly number[]): string {
  return lasts.map((last) => `${last}:${cluster.watch.holders(at(last)).join('+')}`).join(' ');
}

/** A host whose kernel has it. */
function hostWith(last: number): LabHost {
  return cluster.lab.host(cluster.watch.holders(at(last))[0] ?? '');
}

describe('holdfast reload', () => {
  it('changes what differs, and a client of the other addresses loses nothing', async () => {
    const standing = holders(101, 103, 105);
    rewrite((text) => text.replace(before, after));
    probing.begin('reload');
    const [first] = await reloadAll();
    const where = 'on eth0';
    expect(first?.split('\n').slice(0, -2)).toEqual([
      'set old is removed.',
      `set www is without ${at(102)}/24 ${where}.`,
      `set www has ${at(106)}/24 ${where} as well.`,
      'set new is added.',
    ]);
    const settled = (): boolean => holders(102, 104) === '102: 104:' && cluster.watch.holders(at(107)).length === 1;
    await cluster.watch.until('the new addresses to be held, and the old ones not', deadlineMs, settled);
    expect(holders(101, 103, 105)).toBe(standing);
    expect(holders(106)).toBe(`106:${hostWith(101).name}`);
    const { addresses } = await probing.end('reload');
    expect(addresses.map(({ address, lost }) => `${address} lost ${lost}`)).toEqual(
      [101, 103, 105].map((last) => `${at(last)} lost 0`),
    );
    for (const host of cluster.lab.hosts) {
      const { sets, poolVersion } = await cluster.status(host);
      expect(sets.map(({ name }) => name)).toEqual(['www', 'api', 'new', 'db']);
      expect(poolVersion).toBe((await cluster.status(cluster.lab.host('e1'))).poolVersion);
    }
  });

  it('nothing changes where the file is the same', async () => {
    for (const output of await reloadAll())
      expect(output).toMatch(/^Nothing changed: 1 key, sealing with [0-9a-f]{8}\.\n$/);
  });

  it('a file that is wrong is told with its place, one that asks for a restart with its key; nothing changes', async () => {
    const good = readFileSync(cluster.configFile, 'utf8');
    const held = holders(101, 103, 105, 106, 107);
    rewrite((text) =>
      text.replace(setOf('new', 107), '[set.new]\ninterface = "eth0"\naddresses = ["10.77.0.256/24"]\n'),
    );
    const wrong = await cluster.command(cluster.lab.host('e1'), 'reload');
    expect(wrong.status).toBe(exitCodes.degraded);
    expect(wrong.stderr).toMatch(/holdfast\.toml:\d+:\d+: .*10\.77\.0\.256/);
    writeFileSync(cluster.configFile, `heartbeat = "50ms"\n${good}`);
    const restart = await cluster.command(cluster.lab.host('e1'), 'reload');
    expect([restart.status, restart.stderr]).toEqual([
      exitCodes.degraded,
      expect.stringContaining('"heartbeat" is another one: it changes with a restart of the agent, not with a reload'),
    ]);
    writeFileSync(cluster.configFile, good.replace(setOf('new', 107), setOf('new', 107).replace('eth0', 'eth7')));
    expect((await cluster.command(cluster.lab.host('e1'), 'reload')).stderr).toContain('Set new is on interface eth7');
    writeFileSync(cluster.configFile, good);
    expect(holders(101, 103, 105, 106, 107)).toBe(held);
  });

  it('SIGHUP does the same', async () => {
    rewrite((text) => text.replace(setOf('api', 103), setOf('api', 103, 108)));
    const owner = hostWith(103);
    for (const host of cluster.lab.hosts) cluster.agent(host).signal('SIGHUP');
    await cluster.watch.until('the new address', deadlineMs, () => holders(108) === `108:${owner.name}`);
  });

  it('an address that another station has is not added, and the rest of its set stays', async () => {
    const { client } = cluster.lab;
    await client.namespace.ip([`addr add ${at(109)}/24 dev ${interfaceName}`]);
    rewrite((text) => text.replace(setOf('db', 105), setOf('db', 105, 109)));
    const owner = hostWith(105);
    const { status, stderr } = await cluster.command(owner, 'reload');
    expect([status, stderr]).toEqual([
      exitCodes.degraded,
      expect.stringMatching(
        new RegExp(
          `^set db: it is without ${at(109)}/24, which the configuration added: conflict: [0-9a-f:]+ claims ${at(109)}`,
        ),
      ),
    ]);
    expect(holders(105, 109)).toBe(`105:${owner.name} 109:`);
    const { sets } = await cluster.status(owner);
    expect(sets.find(({ name }) => name === 'db')?.problem).toContain(`it is without ${at(109)}/24`);
    await client.namespace.ip([`addr del ${at(109)}/24 dev ${interfaceName}`]);
    await reloadAll();
    expect(holders(105, 109)).toBe(`105:${owner.name} 109:${owner.name}`);
  });

  it('a set whose only new address its owner cannot have goes to a host that can', async () => {
    const owner = hostWith(107);
    await owner.namespace.ip([`addr add ${at(110)}/32 dev lo`]);
    rewrite((text) => text.replace(setOf('new', 107), setOf('new', 110)));
    for (const host of cluster.lab.hosts) if (host !== owner) await cluster.command(host, 'reload');
    const { status, stderr } = await cluster.command(owner, 'reload');
    expect([status, stderr]).toEqual([
      exitCodes.degraded,
      expect.stringContaining(`Cannot add ${at(110)}/24 to eth0: it is there already, as ${at(110)}/32 on lo`),
    ]);
    const onEth0 = (): readonly string[] => cluster.watch.holders(at(110)).filter((name) => name !== owner.name);
    await cluster.watch.until('another host to have it', deadlineMs, () => onEth0().length === 1);
    const { sets } = await cluster.status(owner);
    expect(sets.find(({ name }) => name === 'new')).toMatchObject({ owner: onEth0()[0] });
  });
});
