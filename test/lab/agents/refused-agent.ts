/** Starts agents that should not run, with files of their own, and tells how they ended and what that did to the kernel. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../../agent/lab/lab.ts';
import { programFile } from './agent-program.ts';
import { controlOf } from './standing-cluster.ts';

/** The parts of a configuration; what is left out is right for a lab of three hosts. */
export type FileParts = {
  readonly group?: string;
  readonly keyFile?: string;
  readonly hosts?: string;
  readonly sets?: string;
};

export const threeHosts = `
[host.e1]
paths = ["10.77.0.1"]
[host.e2]
paths = ["10.77.0.2"]
[host.e3]
paths = ["10.77.0.3"]
`;

/** Of no other agent's pool. */
export const ownSet = '[set.own]\ninterface = "eth0"\naddresses = ["10.77.0.201/24"]\n';

/** Writes it on the host's disk. @param keyFile of the group, where the parts name no other */
export function writeConfig(host: LabHost, keyFile: string, parts: FileParts): string {
  const file = join(host.directory, 'holdfast.toml');
  const { group = 'lab', hosts = threeHosts, sets = ownSet } = parts;
  writeFileSync(file, `group = "${group}"\nkey_file = "${parts.keyFile ?? keyFile}"\n${hosts}${sets}`);
  return file;
}

export type RefusedAgent = {
  /** null: a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** `ip -j addr` before it was started and after it had ended, lifetimes left out. */
  readonly addressesBefore: string;
  readonly addressesAfter: string;
};

export type AgentStart = {
  readonly config: string;
  /** `--host e1` and the like. */
  readonly argv?: readonly string[];
  /** A program that starts it: e.g. setpriv, to take privileges away. */
  readonly under?: readonly string[];
};

/** One that goes on running is killed: then its status is null. */
export async function startRefused(host: LabHost, start: AgentStart): Promise<RefusedAgent> {
  const { config, argv = [], under = [] } = start;
  const addressesBefore = await addressesIn(host);
  const own = ['--config', config, '--control', controlOf(host), '--state', host.runDirectory];
  const agent = [...under, process.execPath, programFile, 'agent', ...own, ...argv];
  const end = await host.namespace.attempt(['timeout', '-s', 'KILL', String(patienceSeconds), ...agent]);
  return { ...end, addressesBefore, addressesAfter: await addressesIn(host) };
}

const patienceSeconds = 10;

async function addressesIn(host: LabHost): Promise<string> {
  const text = await host.namespace.run(['ip', '-j', 'addr']);
  return text.replaceAll(/"(valid|preferred)_life_time":\d+/g, ''); // an agent beside it renews its own
}
