/** Three hosts with real agents and their guards, and a client that probes every address; and how long two kernels had one. */
import { readFileSync } from 'node:fs';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { DeadlineError } from '../../../agent/lab/deadline.ts';
import { heldTwiceMs, spansOf } from '../../../agent/lab/holdings.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';
import type { PhaseReport } from '../../../agent/lab/probe-protocol.ts';

export const deadlineMs = 15_000;
const lookIntervalMs = 20;

export class GuardedCluster {
  readonly lab: Lab;
  readonly cluster: Cluster;
  readonly #probing: Probing;

  constructor(lab: Lab, cluster: Cluster, probing: Probing) {
    this.lab = lab;
    this.cluster = cluster;
    this.#probing = probing;
  }

  get addresses(): readonly string[] {
    return this.cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address));
  }

  /** Set -> its holders. */
  holders(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.cluster.sets.map((set) => [set.name, this.cluster.holders(set).join(' ')]));
  }

  /** What the client lost while it happened. */
  async measured(phase: string, act: () => Promise<unknown>): Promise<PhaseReport> {
    this.#probing.begin(phase);
    await act();
    return this.#probing.end(phase);
  }

  /** The longest that any address was in two kernels, from an instant on. */
  async heldTwiceMs(sinceMs: number): Promise<number> {
    await this.cluster.watch.sync();
    const until = Math.max(sinceMs, ...this.cluster.watch.events.map(({ atMs }) => atMs)) + 1;
    return Math.max(
      ...this.addresses.map((address) => heldTwiceMs(spansOf(this.cluster.watch.events, address, sinceMs, until))),
    );
  }

  /** Pids of the guards that run on a host. */
  guards(host: LabHost): readonly number[] {
    return host.namespace.pids().filter((pid) => commandOf(pid) === 'holdfast-guard');
  }

  residentKiB(pid: number): number {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  }

  /** For what nothing tells of: processes and time. @throws DeadlineError */
  async until(what: string, condition: () => boolean, withinMs = deadlineMs): Promise<void> {
    const giveUp = AbortSignal.timeout(withinMs);
    const met = async (): Promise<void> => {
      while (!condition() && !giveUp.aborted) await new Promise((next) => setTimeout(next, lookIntervalMs));
      if (giveUp.aborted) throw new DeadlineError(what, withinMs);
    };
    await met();
  }

  /** Nothing from it reaches the others, nor the other way round. @returns how to end that */
  async cutOff(host: LabHost): Promise<() => Promise<void>> {
    const out = await this.lab.block(host, 'any');
    const back = await this.lab.block('any', host);
    return async () => {
      await out();
      await back();
    };
  }

  async restart(host: LabHost): Promise<void> {
    await this.cluster.start(host);
    await this.cluster.joined(host, deadlineMs);
    await this.cluster.covered(deadlineMs);
  }

  dispose(): Promise<void> {
    return this.lab.dispose();
  }
}

/** @param settings top-level keys of the configuration */
export async function openGuardedCluster(settings = ''): Promise<GuardedCluster> {
  const lab = await createLab({ hosts: 3 });
  const cluster = await makeCluster(lab, {
    settings: `damping.mode = "off"\n${settings}`, // agents are killed in these tests again and again
    sets:
      '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.104"\nprefix = 24\n' +
      '[pool.api]\ninterface = "eth0"\nrange = "fd77::101-fd77::102"\nprefix = 64\n',
  });
  await Promise.all(lab.hosts.map((host) => cluster.start(host)));
  await Promise.all(lab.hosts.map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
  const addresses = cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address));
  const probing = await startProbing(lab.client.namespace, { addresses });
  await probing.allAnswering(deadlineMs);
  return new GuardedCluster(lab, cluster, probing);
}

export function lostOf(report: PhaseReport): readonly number[] {
  return report.addresses.map((each) => each.lost);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return ''; // it ended meanwhile
  }
}
