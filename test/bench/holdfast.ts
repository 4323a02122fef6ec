/** Holdfast as shipped: the built program with a file that says nothing but who takes part, what is to be held, and the heartbeat. */
import { readFileSync, writeFileSync } from 'node:fs';
import { builtFile } from '../../agent/lab/built.ts';
import { type Cluster, makeCluster } from '../../agent/lab/cluster.ts';
import { run } from '../../agent/lab/command.ts';
import { within } from '../../agent/lab/deadline.ts';
import { interfaceName, type Lab, type LabHost } from '../../agent/lab/lab.ts';
import { processTree } from '../../agent/lab/process-tree.ts';
import { able, type Contender, type Group, unable } from './contender.ts';

/** Of all that are there. */
const joinDeadlineMs = 60_000;
/** Each of thirty that start at once on two cores waits for the others, until some are taken for hanging. */
const startedAtOnce = 8;
const endDeadlineMs = 30_000;

/** @param heartbeatMs null: the default, 100 ms */
export function holdfast(heartbeatMs: number | null): Contender {
  const interval = heartbeatMs === null ? 'defaults' : `heartbeats every ${heartbeatMs} ms`;
  return {
    title: `Holdfast, ${interval}`,
    name: heartbeatMs === null ? 'holdfast' : `holdfast-${heartbeatMs}ms`,
    family: 'holdfast',
    addressesMax: 4096,
    protocol: { udpPort: 4807 },
    hostsMax: 64,
    async prepare(lab, addresses) {
      const interval = heartbeatMs === null ? '' : `heartbeat = "${heartbeatMs}ms"\n`;
      const settings = `${interval}damping.mode = "off"`; // the same hosts are lost in each round
      const cluster = await makeCluster(lab, { settings, sets: setsOf(addresses) });
      return groupOf(lab, cluster, await commandsOf());
    },
  };
}

/** One set an address, so that they spread. */
function setsOf(addresses: readonly string[]): string {
  return addresses.map((address, index) => setOf(`vip-${String(index + 1).padStart(4, '0')}`, address)).join('\n');
}

function setOf(name: string, address: string): string {
  return `[set.${name}]\ninterface = "${interfaceName}"\naddresses = ["${address}"]\n`;
}

/** The names of the program's commands, from its own help. */
async function commandsOf(): Promise<ReadonlySet<string>> {
  const help = await run([process.execPath, builtFile('../cli/main.js'), '--help']);
  return new Set([...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? ''));
}

function groupOf(lab: Lab, cluster: Cluster, commands: ReadonlySet<string>): Group {
  const told = async (host: LabHost, ...argv: readonly string[]): Promise<void> => {
    const { status, stdout, stderr } = await cluster.command(host, ...argv);
    if (status !== 0) throw new Error(`holdfast ${argv.join(' ')} ended with status ${status}: ${stderr}${stdout}`);
  };
  return {
    watch: cluster.watch,
    async startAll() {
      for (let at = 0; at < lab.hosts.length; at += startedAtOnce) {
        const wave = lab.hosts.slice(at, at + startedAtOnce);
        await Promise.all(wave.map((host) => cluster.start(host)));
        if (lab.hosts.length > startedAtOnce)
          await Promise.all(wave.map((host) => cluster.joined(host, joinDeadlineMs)));
      }
    },
    async start(host) {
      await cluster.start(host);
    },
    joined: (host) => cluster.joined(host, joinDeadlineMs),
    async stop(host) {
      const agent = cluster.agent(host);
      agent.signal('SIGTERM');
      await within(endDeadlineMs, `the agent of ${host.name} to end`, agent.ended);
    },
    pids: (host) => processTree(cluster.agent(host).pid),
    async kill(host) {
      const agent = cluster.agent(host);
      agent.signal('SIGKILL');
      await agent.ended;
    },
    freeze: (host) => cluster.agent(host).signal('SIGSTOP'),
    thaw: (host) => cluster.agent(host).signal('SIGCONT'),
    move: commands.has('move')
      ? able(async (address, from, to) => {
          const set = cluster.sets.find((each) => each.addresses.some((own) => own.address === address));
          await told(from, 'move', set?.name ?? address, to.name);
          await told(from, 'unpin', set?.name ?? address); // what comes next is not about pins
        })
      : unable('this version has no command for it'),
    addAddress: commands.has('reload')
      ? able(async (address) => {
          writeFileSync(
            cluster.configFile,
            `${readFileSync(cluster.configFile, 'utf8')}\n${setOf('vip-extra', address)}`,
          );
          for (const host of lab.hosts) cluster.agent(host).signal('SIGHUP');
        })
      : unable('this version has no command for it'),
  };
}
