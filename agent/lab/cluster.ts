/** Real agents on the hosts of a lab, as shipped: the built program, one file for all, asked over their control sockets. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressSet } from '../config/config.ts';
import { readConfig } from '../config/read.ts';
import { request } from '../control/client.ts';
import type { Status } from '../control/protocol.ts';
import type { AddressWatch } from './address-watch.ts';
import { builtFile } from './built.ts';
import { type CommandResult, run } from './command.ts';
import { within } from './deadline.ts';
import { cablesOf, type Lab, type LabHost } from './lab.ts';
import type { Ending, LabProcess } from './process.ts';

export type ClusterOptions = {
  /** Top-level keys beyond the group and its key: `heartbeat = "20ms"`. */
  readonly settings?: string;
  /** Of the hosts' paths; default 4. */
  readonly ipVersion?: 4 | 6;
  /** Hosts that count for the majority and own nothing. */
  readonly witnesses?: readonly string[];
  /** The sets: `[pool.web]…`, `[set.www]…`. */
  readonly sets: string;
};

/** How often an agent is asked while something is awaited of it. It tells nobody by itself. */
const askIntervalMs = 50;
const answerTimeoutMs = 2_000;

export class Cluster {
  readonly lab: Lab;
  readonly configFile: string;
  readonly sets: readonly AddressSet[];
  readonly watch: AddressWatch;
  readonly #agents = new Map<string, LabProcess>();

  constructor(lab: Lab, configFile: string, sets: readonly AddressSet[], watch: AddressWatch) {
    this.lab = lab;
    this.configFile = configFile;
    this.sets = sets;
    this.watch = watch;
  }

  /**
   * Starts the agent of a host; `joined` tells when it is of use.
   * @param under a program that starts it: `env NAME=value`
   */
  async start(host: LabHost, under: readonly string[] = []): Promise<LabProcess> {
    const argv = ['agent', '--config', this.configFile, '--host', host.name, '--control', controlOf(host)];
    argv.push('--state', host.runDirectory);
    const agent = await host.namespace.spawn([...under, process.execPath, mainFile, ...argv], {
      name: `${host.name}-agent`,
    });
    this.#agents.set(host.name, agent);
    return agent;
  }

  /** Runs a command of the program on a host, against its agent: `balance`, `status --json`, … */
  command(host: LabHost, ...argv: readonly string[]): Promise<CommandResult> {
    return host.namespace.attempt([process.execPath, mainFile, ...argv, '--control', controlOf(host)]);
  }

  /** @throws ControlError where no agent answers */
  async status(host: LabHost): Promise<Status> {
    const reply = await request(controlOf(host), { kind: 'status' }, answerTimeoutMs);
    if (reply.ok && reply.kind === 'status') return reply.status;
    throw new Error(`The agent of ${host.name} refuses to say its status: ${reply.ok ? reply.kind : reply.error}`);
  }

  /** Resolves when the host's agent says it is settled in a view of all hosts whose agents run. @throws DeadlineError */
  async joined(host: LabHost, deadlineMs: number): Promise<void> {
    const until = AbortSignal.timeout(deadlineMs);
    const what = `the agent of ${host.name} to be settled in a view of ${this.live.map((each) => each.name).join(' ')}`;
    const settled = async (): Promise<void> => {
      while (!until.aborted && !(await this.#isSettled(host)))
        await new Promise((next) => setTimeout(next, askIntervalMs));
    };
    const agent = this.#agents.get(host.name);
    const died = agent?.ended.then<never>((ending) => {
      throw new Error(`Waited in vain for ${what}: it ended (${describe(ending)}): ${this.lastWords(host)}`);
    });
    await within(deadlineMs, what, died === undefined ? settled() : Promise.race([settled(), died]));
  }

  /** Hosts whose agent runs. */
  get live(): readonly LabHost[] {
    return this.lab.hosts.filter((host) => this.#agents.get(host.name)?.running === true);
  }

  wasStarted(host: LabHost): boolean {
    return this.#agents.has(host.name);
  }

  /** Its process, running or ended. @throws RangeError where none was started */
  agent(host: LabHost): LabProcess {
    const agent = this.#agents.get(host.name);
    if (agent === undefined) throw new RangeError(`No agent was started on ${host.name}`);
    return agent;
  }

  /** The last line the host's agent printed. */
  lastWords(host: LabHost): string {
    return this.log(host).trimEnd().split('\n').at(-1) ?? '';
  }

  /** Everything the host's agents printed. */
  log(host: LabHost): string {
    const { logFile } = this.agent(host);
    return logFile === null ? '' : readFileSync(logFile, 'utf8');
  }

  /** The hosts whose kernel has any of a set's addresses now. */
  holders(set: AddressSet): readonly string[] {
    const holders = set.addresses.flatMap(({ address }) => this.watch.holders(address));
    return [...new Set(holders)].sort();
  }

  /** What keeps the pool from being covered exactly once, by hosts whose agent runs; empty: it is. */
  faults(): readonly string[] {
    const live = new Set(this.live.map((host) => host.name));
    return this.sets.flatMap((set) =>
      set.addresses.flatMap(({ address }) => {
        const holders = this.watch.holders(address);
        const [holder] = holders;
        if (holder === undefined) return [`${set.name} (${address}) is held by nobody`];
        if (holders.length > 1) return [`${set.name} (${address}) is held by ${holders.join(' and ')}`];
        return live.has(holder) ? [] : [`${set.name} (${address}) is held by ${holder}, which has no agent`];
      }),
    );
  }

  /** Resolves when the pool is covered exactly once, as the kernels say. @throws DeadlineError */
  async covered(deadlineMs: number): Promise<void> {
    await this.watch.until('every set to be held exactly once', deadlineMs, () => this.faults().length === 0);
  }

  async #isSettled(host: LabHost): Promise<boolean> {
    try {
      const status = await this.status(host);
      const members = status.members.filter((member) => member.state === 'member').map((member) => member.host);
      return status.state === 'settled' && this.live.every((each) => members.includes(each.name));
    } catch {
      return false; // it has not opened its socket yet
    }
  }
}

/** Writes the configuration and the key, and begins to watch the kernels; starts no agent. */
export async function makeCluster(lab: Lab, options: ClusterOptions): Promise<Cluster> {
  const directory = join(lab.directory, 'etc');
  mkdirSync(directory, { recursive: true });
  const keyFile = join(directory, 'lab.key');
  await run([process.execPath, mainFile, 'keygen', keyFile]);
  const hosts = lab.hosts.map(
    (host) =>
      `[host.${host.name}]\npaths = ${JSON.stringify(pathsOf(host, options.ipVersion ?? 4))}\nwitness = ${options.witnesses?.includes(host.name) ?? false}\n`,
  );
  const head = `group = "lab"\nkey_file = "${keyFile}"\n${options.settings ?? ''}\n`;
  const configFile = join(directory, 'holdfast.toml');
  writeFileSync(configFile, [head, ...hosts, options.sets].join('\n'));
  const { sets } = await readConfig(configFile);
  return new Cluster(lab, configFile, sets, await lab.watchAddresses());
}

const mainFile = builtFile('../cli/main.js');

/** Its address on each segment. */
function pathsOf(host: LabHost, ipVersion: 4 | 6): readonly string[] {
  return cablesOf(host).map(({ addresses: [ipv4, ipv6] }) => (ipVersion === 4 ? ipv4 : ipv6).split('/')[0] ?? '');
}

function controlOf(host: LabHost): string {
  return join(host.runDirectory, 'control.sock');
}

function describe({ status, signal }: Ending): string {
  return signal ?? `status ${status}`;
}
