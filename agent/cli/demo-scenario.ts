/** What happens in the demo, in order, and what is measured of it. Shows nothing by itself. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AddressSet } from '../config/config.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { monotonicMs } from '../lab/clock.ts';
import { type Cluster, makeCluster } from '../lab/cluster.ts';
import { DeadlineError, within } from '../lab/deadline.ts';
import { heldByNobodyMs, heldTwiceMs, spansOf } from '../lab/holdings.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { type Probing, startProbing } from '../lab/probe-client.ts';
import type { DemoLog } from './demo-log.ts';
import type { DemoView, HostView } from './demo-page.ts';
import type { EventResult } from './demo-table.ts';

export type Problem = { readonly kind: 'coverage' | 'promise' | 'failure'; readonly text: string };

type Step = {
  /** In the table. */
  readonly event: string;
  readonly explanation: string;
  readonly act: () => Promise<void>;
  /** How long until every set is held exactly once; far above what is promised, so that a miss shows how large it is. */
  readonly deadlineMs: number;
  /** Whether a set may have another holder afterwards. */
  readonly moves: 'some' | 'none';
};

/** For whoever watches, before something happens. */
const readingMs = 1_200;
/** How long the client's own noise is measured. */
const noiseMs = 1_500;
/** After everything is where it belongs: nothing may change for so long. */
const restMs = 1_000;
const startDeadlineMs = 15_000;
const deadlineMs = 8_000;

const sets = `
[pool.web]
interface = "eth0"
range = "10.77.0.101-10.77.0.104"
prefix = 24

[pool.api]
interface = "eth0"
range = "fd77::101-fd77::102"
prefix = 64
`;

export class Scenario {
  readonly results: EventResult[] = [];
  readonly problems: Problem[] = [];
  readonly #lab: Lab;
  readonly #log: DemoLog;
  readonly #beganMs: number;
  #cluster: Cluster | null = null;
  #probing: Probing | null = null;
  #step = 'Setting up';
  #explanation = 'Makes the network, then starts a real agent on every host.';
  readonly #withoutPower = new Set<string>();
  readonly #starting = new Set<string>();

  constructor(lab: Lab, log: DemoLog, beganMs: number) {
    this.#lab = lab;
    this.#log = log;
    this.#beganMs = beganMs;
  }

  async play(): Promise<void> {
    this.#log.say('Three hosts e1 e2 e3 and a client on one switch, each with a kernel network of its own');
    const cluster = await makeCluster(this.#lab, { sets });
    this.#cluster = cluster;
    this.#narrateAddresses(cluster);
    await Promise.all(this.#lab.hosts.map((host) => this.#startAgent(cluster, host)));
    await cluster.covered(startDeadlineMs);
    await this.#expectSpread(cluster, 2);
    const addresses = cluster.sets.flatMap((set) => set.addresses.map(({ address }) => address));
    const probing = await startProbing(this.#lab.client.namespace, { addresses });
    this.#probing = probing;
    await probing.allAnswering(startDeadlineMs);
    this.#log.say(`The client asks each of ${addresses.length} addresses every millisecond (ICMP echo)`);
    const steps = this.#steps(cluster);
    const reports: Promise<void>[] = [];
    for (const [index, step] of steps.entries()) {
      this.#step = `${index + 1} of ${steps.length}: ${step.event}`;
      this.#explanation = step.explanation;
      this.#log.say(`--- ${this.#step}. ${step.explanation}`);
      await pause(readingMs);
      reports.push((await this.#take(cluster, probing, step)).reported);
    }
    this.#step = 'The end';
    this.#explanation = 'Waiting for the last answers.';
    await Promise.all(reports);
    await probing.stop();
    this.#explanation = this.verdict();
  }

  failed(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.problems.push({ kind: 'failure', text });
    this.#log.say(`! ${text}`);
  }

  exitCode(): ExitCode {
    if (this.problems.some((problem) => problem.kind === 'coverage')) return exitCodes.uncovered;
    return this.problems.length > 0 ? exitCodes.degraded : exitCodes.ok;
  }

  verdict(): string {
    if (this.problems.some((problem) => problem.kind === 'failure')) return 'The demo failed.';
    if (this.problems.length > 0) return 'Not everything was as promised.';
    return 'At every rest each set was held exactly once.';
  }

  /** What the agents printed. */
  agentLogs(): string {
    const cluster = this.#cluster;
    if (cluster === null) return '';
    return this.#lab.hosts
      .filter((host) => cluster.wasStarted(host))
      .map((host) => `\n--- what the agents of ${host.name} printed\n${cluster.log(host)}`)
      .join('');
  }

  view(): DemoView {
    return {
      elapsedMs: monotonicMs() - this.#beganMs,
      ...this.#clientView(),
      hosts: this.#lab.hosts.map((host) => this.#hostView(host)),
      step: this.#step,
      explanation: this.#explanation,
      happened: this.#log.lines.filter((line) => !line.includes(' --- ')),
      results: this.results,
    };
  }

  #steps(cluster: Cluster): readonly Step[] {
    const [e1, e2, e3] = [this.#lab.host('e1'), this.#lab.host('e2'), this.#lab.host('e3')];
    const usual = { deadlineMs, moves: 'some' } as const;
    return [
      {
        ...usual,
        event: 'nothing happens',
        explanation: 'Every set is held once, two by each host. What the client measures now is its own noise.',
        act: () => pause(noiseMs),
        moves: 'none',
      },
      {
        ...usual,
        event: 'power of e2 cut',
        explanation: 'Its link and its processes end at once; e1 and e3 miss its heartbeats and take its sets over.',
        act: async () => {
          this.#log.say('the power of e2 is cut');
          await this.#lab.cutPower(e2);
          this.#withoutPower.add(e2.name);
        },
      },
      {
        ...usual,
        event: 'e2 returns',
        explanation: 'It boots with no virtual address and starts its agent. Ownership is sticky: nothing moves.',
        act: async () => {
          await this.#lab.restorePower(e2);
          this.#withoutPower.delete(e2.name);
          this.#log.say('e2 has power again');
          await this.#startAgent(cluster, e2);
        },
        moves: 'none',
      },
      {
        ...usual,
        event: 'holdfast balance',
        explanation: 'Somebody wants the load even again; the new owner claims before the old one releases.',
        act: async () => {
          await this.#balance(cluster, e1);
          await this.#expectSpread(cluster, 2);
        },
      },
      {
        ...usual,
        event: 'agent of e3 stopped',
        explanation: 'Politely, as by systemctl stop: it hands its sets over, then ends.',
        act: async () => {
          this.#log.say('SIGTERM to the agent of e3');
          await this.#end(cluster, e3, 'SIGTERM');
        },
      },
      {
        ...usual,
        event: 'e3 back, balance',
        explanation: 'Its agent starts again, and somebody asks for balance once more.',
        act: async () => {
          await this.#startAgent(cluster, e3);
          await this.#balance(cluster, e3);
          await this.#expectSpread(cluster, 2);
        },
      },
      {
        event: 'agent of e1 killed',
        explanation:
          'SIGKILL: the host lives on. Its guard tells the others at once; they take over, and it removes each address when ' +
          'it hears the new owner announce it.',
        act: async () => {
          this.#log.say('SIGKILL to the agent of e1');
          await this.#end(cluster, e1, 'SIGKILL');
        },
        deadlineMs,
        moves: 'some',
      },
    ];
  }

  /** Lets it happen, waits for the rest, looks. `reported`: the client's numbers are in the table, which takes them longer. */
  async #take(cluster: Cluster, probing: Probing, step: Step): Promise<{ readonly reported: Promise<void> }> {
    const before = holdersOf(cluster);
    const beganMs = monotonicMs();
    probing.begin(step.event);
    await step.act();
    const faults = await this.#rest(cluster, step.deadlineMs);
    const endedMs = monotonicMs();
    const report = probing.end(step.event);
    const after = holdersOf(cluster);
    const setsMoved = cluster.sets.filter((set) => before.get(set.name) !== after.get(set.name)).length;
    const spans = cluster.sets.flatMap((set) =>
      set.addresses.map(({ address }) => spansOf(cluster.watch.events, address, beganMs, endedMs)),
    );
    const row: EventResult = {
      event: step.event,
      setsMoved,
      probes: null,
      heldTwiceMs: Math.max(...spans.map(heldTwiceMs)),
      heldByNobodyMs: Math.max(...spans.map(heldByNobodyMs)),
      faults,
    };
    const index = this.results.push(row) - 1;
    for (const fault of faults) this.#problem('coverage', `After "${step.event}": ${fault}`);
    if (step.moves === 'none' && setsMoved > 0) {
      this.#problem('promise', `"${step.event}" moved ${setsMoved} sets; it should move none`);
    }
    const reported = report.then(({ addresses, cpuShare }) => {
      const probes = {
        sent: addresses.reduce((sum, each) => sum + each.sent, 0),
        lost: addresses.reduce((sum, each) => sum + each.lost, 0),
        longestSilenceMs: Math.max(...addresses.map((each) => each.longestSilenceMs)),
      };
      this.results[index] = { ...row, probes };
      if (index > 0) return;
      const rateHz = addresses.reduce((sum, each) => sum + each.rateHz, 0) / addresses.length;
      const cpu = `${Math.round(cpuShare * 100)} % of a core`;
      this.#log.say(`the client really sends ${Math.round(rateHz)} probes a second to each address and needs ${cpu}`);
    });
    reported.catch(() => {}); // seen by whoever waits for all of them
    return { reported };
  }

  /** Waits until every set is held exactly once, then that it stays so for a while. @returns what is wrong */
  async #rest(cluster: Cluster, withinMs: number): Promise<readonly string[]> {
    try {
      await cluster.covered(withinMs);
    } catch (error) {
      if (error instanceof DeadlineError) return cluster.faults();
      throw error;
    }
    await cluster.watch.sync();
    const beganMs = monotonicMs();
    this.#log.say('every set is held exactly once');
    await pause(restMs);
    await cluster.watch.sync();
    const unsettled = cluster.sets.filter((set) =>
      set.addresses.some(({ address }) => {
        const spans = spansOf(cluster.watch.events, address, beganMs, monotonicMs());
        return spans.some((span) => span.holders.length !== 1);
      }),
    );
    const faults = [
      ...cluster.faults(),
      ...unsettled.map((set) => `${set.name} was not held exactly once all the time`),
    ];
    return [...faults, ...cluster.watch.problems];
  }

  async #startAgent(cluster: Cluster, host: LabHost): Promise<void> {
    this.#starting.add(host.name);
    this.#log.say(`the agent of ${host.name} starts`);
    await cluster.start(host);
    await cluster.joined(host, startDeadlineMs);
    this.#log.say(`the agent of ${host.name} is in the group`);
    this.#starting.delete(host.name);
  }

  async #end(cluster: Cluster, host: LabHost, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const agent = cluster.agent(host);
    agent.signal(signal);
    const { status } = await within(deadlineMs, `the agent of ${host.name} to end`, agent.ended);
    this.#log.say(`the agent of ${host.name} has ended`);
    if (signal === 'SIGTERM' && status !== 0) {
      this.#problem('promise', `The agent of ${host.name} ended with status ${status}: ${cluster.lastWords(host)}`);
    }
  }

  async #balance(cluster: Cluster, host: LabHost): Promise<void> {
    this.#log.say(`holdfast balance, on ${host.name}`);
    const { status, stderr } = await cluster.command(host, 'balance');
    if (status !== 0) this.#problem('promise', `holdfast balance ended with status ${status}: ${stderr.trim()}`);
  }

  async #expectSpread(cluster: Cluster, each: number): Promise<void> {
    await cluster.watch.sync(); // a monitor is later than the agent that says it is done
    const held = this.#lab.hosts.map((host) => cluster.sets.filter((set) => cluster.holders(set).includes(host.name)));
    const spread = held.map((own) => own.length).join('/');
    this.#log.say(`spread ${spread}`);
    if (held.some((own) => own.length !== each)) {
      this.#problem('promise', `The sets are spread ${spread}; ${each} on every host would be right`);
    }
  }

  #problem(kind: Problem['kind'], text: string): void {
    this.problems.push({ kind, text });
    this.#log.say(`! ${text}`);
  }

  #narrateAddresses(cluster: Cluster): void {
    const names = new Map<string, string>(
      cluster.sets.flatMap((set) => set.addresses.map(({ address }) => [address, set.name] as const)),
    );
    let told = 0;
    cluster.watch.onChange(() => {
      for (const event of cluster.watch.events.slice(told)) {
        const name = names.get(event.address);
        const verb = event.kind === 'held' ? 'has' : 'no longer has';
        if (name !== undefined) this.#log.say(`${event.host} ${verb} ${name} (${event.address})`, event.atMs);
      }
      told = cluster.watch.events.length;
    });
  }

  #clientView(): Pick<DemoView, 'client' | 'clientStyle'> {
    const live = this.#probing?.live ?? [];
    if (live.length === 0) return { client: '', clientStyle: 'dim' };
    const silent = live.filter((each) => each.silentMs >= silentMsMin);
    if (silent.length === 0) return { client: `all ${live.length} addresses answer`, clientStyle: 'green' };
    const longest = Math.max(...silent.map((each) => each.silentMs));
    return { client: `${silent.length} silent, for ${Math.round(longest)} ms`, clientStyle: 'red' };
  }

  #hostView(host: LabHost): HostView {
    const cluster = this.#cluster;
    const own = cluster?.sets.filter((set) => cluster.holders(set).includes(host.name)) ?? [];
    return {
      name: host.name,
      ...this.#hostState(host),
      sets: own.map((set) => {
        const others = cluster?.holders(set).filter((name) => name !== host.name) ?? [];
        return {
          text: `${set.name} ${shortAddress(set)}${others.map((name) => ` +${name}`).join('')}`,
          twice: others.length > 0,
        };
      }),
    };
  }

  #hostState(host: LabHost): Pick<HostView, 'state' | 'style'> {
    if (this.#withoutPower.has(host.name)) return { state: 'NO POWER', style: 'red' };
    if (this.#starting.has(host.name)) return { state: 'agent starting', style: 'yellow' };
    const live = this.#cluster?.live.includes(host) ?? false;
    return live ? { state: 'agent runs', style: 'green' } : { state: 'no agent', style: 'red' };
  }
}

/** Below it is what a busy machine does to the prober. */
const silentMsMin = 20;

function holdersOf(cluster: Cluster): ReadonlyMap<string, string> {
  return new Map(cluster.sets.map((set) => [set.name, cluster.holders(set).join(' ')]));
}

/** `.101`, `::101` */
function shortAddress(set: AddressSet): string {
  const address = set.addresses[0]?.address ?? '';
  return address.slice(Math.max(address.lastIndexOf('.'), address.lastIndexOf('::')));
}
