/** One contender on the hosts of one lab, watched and probed, and what happens to it measured event by event. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { DeadlineError, within } from '../../agent/lab/deadline.ts';
import { cutOff } from '../../agent/lab/heal.ts';
import { createLab, interfaceName, type Lab, type LabHost } from '../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../agent/lab/probe-client.ts';
import { startTcpAnswerer, startTcpProbing } from '../../agent/lab/tcp-probing.ts';
import { bare, extraAddress, probeIntervalMs, routeToAddresses, virtualAddresses } from './addresses.ts';
import { allJoined, type Contender, type Group } from './contender.ts';
import { type Measure, measureOf } from './measure.ts';

/** After an event all has to stay as it is for so long. */
const restMs = 800;
/** Before an event, for the picture of it. */
const timelineLeadMs = 300;
/** A busy machine delays answers; an address that nobody has is silent for longer. */
const silentMsMax = 50;
/** Far above what any contender needs. */
const coverDeadlineMs = 40_000;
/** A client that still asks a host that had the address before finds out by itself in up to a minute: no use in waiting for it. */
const clientPatienceMs = 3_000;

/** All scenarios take a slow contender 80 s. */
const playMsMax = 240_000;

export type StageOptions = {
  readonly contender: Contender;
  readonly hosts: number;
  readonly addresses: number;
  readonly run: number;
};

export type Happening = {
  /** 'power-loss' */
  readonly event: string;
  readonly watched: string;
  /** How long it may take until all is covered; what takes longer is told as not covered. */
  readonly withinMs: number;
  /** Lets it happen. @param began to be told the moment, monotonic ms, where that is not when it was called */
  readonly act: (began: (atMs: number) => void) => Promise<unknown>;
  /** The host that the others hear again by it. */
  readonly healed?: LabHost;
};

export class Stage {
  readonly lab: Lab;
  readonly group: Group;
  /** Without prefix. */
  readonly addresses: readonly string[];
  /** Hosts that have power, run the contender and are reached. */
  readonly serving = new Set<string>();
  /** Hosts that nobody reaches, but that hold what they held. */
  readonly apart = new Set<string>();
  readonly #options: StageOptions;
  readonly #probing: Probing;
  readonly #measures: Promise<Measure>[] = [];

  constructor(lab: Lab, group: Group, addresses: readonly string[], probing: Probing, options: StageOptions) {
    this.lab = lab;
    this.group = group;
    this.addresses = addresses;
    this.#probing = probing;
    this.#options = options;
    for (const { name } of lab.hosts) this.serving.add(name);
  }

  /** An address that is in nobody's file yet. */
  get extraAddress(): string {
    return extraAddress(this.#options.addresses);
  }

  get contender(): Contender {
    return this.#options.contender;
  }

  /** Of those that serve the one that holds the most, the last of equal ones. */
  mostLoaded(): LabHost {
    const loads = this.#hosts().map((host) => ({ host, load: this.heldBy(host).length }));
    const most = loads.reduce((best, each) => (each.load >= best.load ? each : best));
    return most.host;
  }

  leastLoaded(): LabHost {
    const loads = this.#hosts().map((host) => ({ host, load: this.heldBy(host).length }));
    return loads.reduce((best, each) => (each.load < best.load ? each : best)).host;
  }

  heldBy(host: LabHost): readonly string[] {
    const there = new Set(this.group.watch.heldBy(host.name));
    return this.addresses.filter((address) => there.has(address));
  }

  /** One of the addresses a host holds. @throws Error where it holds none */
  heldByOne(host: LabHost): string {
    const [first] = this.heldBy(host);
    if (first === undefined) throw new Error(`${host.name} holds no address`);
    return first;
  }

  /** Resolves when every address is held once, by a host that serves. @throws DeadlineError */
  async covered(withinMs = coverDeadlineMs): Promise<void> {
    await this.group.watch.until('every address to be held once', withinMs, () => this.#isCovered());
  }

  /** The same, and the client sees it; one that nobody told where an address is has to ask again, so that the next event finds all well. */
  async answering(): Promise<void> {
    await this.covered();
    if (await this.#answers(clientPatienceMs)) return;
    await this.lab.client.namespace.ip([`neigh flush dev ${interfaceName}`]);
    await this.#probing.allAnswering(coverDeadlineMs, silentMsMax);
  }

  async measured(happening: Happening): Promise<void> {
    const { contender, run } = this.#options;
    const { event, watched, healed = null } = happening;
    const passed = healed === null ? null : contender.protocol;
    const filter = `arp or (icmp[icmptype] == icmp-echoreply and src host ${watched})`;
    const [capture, tcp] = await Promise.all([
      this.lab.captureAll(filter, join(this.lab.directory, `${event}.pcap`), passed),
      startTcpProbing(this.lab.client.namespace, watched),
    ]);
    await pause(timelineLeadMs);
    this.#probing.begin(event);
    tcp.begin();
    const beganMs = monotonicMs();
    let eventMs = beganMs;
    await happening.act((atMs) => {
      eventMs = atMs;
    });
    const settled = await this.#settles(happening.withinMs);
    if (settled) await this.#answers(happening.withinMs); // a silence is measured to its end
    await pause(restMs);
    await this.group.watch.sync();
    const endedMs = monotonicMs();
    const report = Promise.all([this.#probing.end(event), tcp.end()]);
    report.catch(() => {}); // seen by reports()
    await capture.stop();
    const frames = await this.lab.frames(capture);
    const record = {
      ...{ contender: contender.name, event, run, settled: settled && this.#isCovered(), beganMs, eventMs, endedMs },
      ...{ addresses: this.addresses, watched, apart: new Set(this.apart), frames },
      healed: healed === null ? null : cutOff(healed, this.lab.hosts),
      holdings: this.group.watch.events.filter((each) => each.atMs <= endedMs),
    };
    const measure = report.then(([probes, tcpReport]) => measureOf({ ...record, probes, tcp: tcpReport }));
    measure.catch(() => {}); // seen by reports()
    this.#measures.push(measure);
  }

  close(): Promise<void> {
    return this.#probing.stop();
  }

  /** What was measured since the last call, when the fate of the last probe is known. */
  async reports(): Promise<readonly Measure[]> {
    const measures = await Promise.all(this.#measures.splice(0));
    if (this.group.watch.problems.length > 0) throw new Error(this.group.watch.problems.join('; '));
    return measures;
  }

  #isCovered(): boolean {
    return this.addresses.every((address) => {
      const [holder, ...others] = this.group.watch.holders(address).filter((host) => !this.apart.has(host));
      return holder !== undefined && others.length === 0 && this.serving.has(holder);
    });
  }

  async #settles(withinMs: number): Promise<boolean> {
    try {
      await this.covered(withinMs);
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw error;
    }
  }

  async #answers(withinMs: number): Promise<boolean> {
    try {
      await this.#probing.allAnswering(withinMs, silentMsMax);
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw error;
    }
  }

  #hosts(): readonly LabHost[] {
    return this.lab.hosts.filter(({ name }) => this.serving.has(name));
  }
}

/** unready: it did not come up. late: it took so long that something hangs. */
export class StageError extends Error {
  readonly kind: 'unready' | 'late';

  constructor(kind: 'unready' | 'late', why: string, options?: ErrorOptions) {
    super(`${kind === 'unready' ? 'it does not come up' : 'it was given up'}: ${why}`, options);
    this.name = 'StageError';
    this.kind = kind;
  }
}

/**
 * Makes the lab, starts the contender, waits until the client sees all of it, plays, and removes everything.
 *
 * @throws StageError where it cannot be played on
 */
export async function onStage(options: StageOptions, play: (stage: Stage) => Promise<void>): Promise<void> {
  const lab = await createLab({ hosts: options.hosts });
  try {
    const stage = await made(lab, options).catch((error: Error) => {
      throw new StageError('unready', error.message, { cause: error });
    });
    const played = play(stage);
    played.catch(() => {}); // of one that was given up: its lab is gone
    await within(playMsMax, 'the scenarios to end', played).catch((error: Error) => {
      if (error instanceof DeadlineError && error.message.includes('the scenarios to end')) {
        throw new StageError('late', error.message, { cause: error });
      }
      throw error;
    });
    await stage.close();
  } finally {
    await lab.dispose();
  }
}

async function made(lab: Lab, options: StageOptions): Promise<Stage> {
  await routeToAddresses(lab);
  const withPrefix = virtualAddresses(options.addresses);
  const group = await options.contender.prepare(lab, withPrefix);
  await Promise.all(lab.hosts.map((host) => startTcpAnswerer(host.namespace)));
  await group.startAll();
  await allJoined(lab, group);
  const addresses = withPrefix.map(bare);
  const intervalMs = probeIntervalMs(addresses.length);
  const probing = await startProbing(lab.client.namespace, { addresses, intervalMs });
  const stage = new Stage(lab, group, addresses, probing, options);
  await stage.answering();
  return stage;
}
