/**
 * The lab: hosts, a client and a switch, each in a network namespace of its own on this machine, with real kernels and real
 * links, and the faults that befall them. The demo, the tests and the benchmark share it.
 *
 * It leaves nothing behind: dispose() ends it; so does the end of this process, whichever way that comes.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressWatch } from './address-watch.ts';
import { atProcessEnd } from './at-process-end.ts';
import { type Capture, startCapture } from './capture.ts';
import { monotonicMs, wallToMonotonicMs } from './clock.ts';
import { applyCuts, type Cut, type CutProtocol, captureFilterOf } from './cuts.ts';
import { type Frame, parseFrames } from './frames.ts';
import { addressesOf, type KernelAddress } from './kernel-addresses.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import {
  clientNumber,
  connect,
  firstSegment,
  interfaceName,
  raiseSwitch,
  resetAddresses,
  secondSegment,
  type Wiring,
  wiringOf,
} from './network.ts';
import { examinePrivilege } from './privilege.ts';

/** Something with a cable to the switch. */
export type LabNode = {
  /** 'e1', 'e2', … or 'client' */
  readonly name: string;
  /** Where its commands and processes run. */
  readonly namespace: Namespace;
  readonly wiring: Wiring;
};

export type LabHost = LabNode & {
  /** Its cable to the segment that joins the hosts alone; null: the lab has none. */
  readonly second: Wiring | null;
  /** Its disk: outlives a power cut. */
  readonly directory: string;
  /** Its /run: empty after a power cut. */
  readonly runDirectory: string;
};

export type LabOptions = {
  /** 1..200 */
  readonly hosts: number;
  /** 2: the hosts have another network among themselves. Default 1. */
  readonly segments?: 1 | 2;
};

/** The machine does not allow a lab; the message says what is missing and what would help. */
export class LabUnavailableError extends Error {
  override readonly name = 'LabUnavailableError';
}

export class Lab {
  readonly hosts: readonly LabHost[];
  readonly client: LabNode;
  /** Temporary; holds every log, and is removed by dispose(). */
  readonly directory: string;
  readonly #switch: Namespace;
  readonly #cuts = new Set<Cut>();
  /** When the cuts that were last written are in force. */
  #cutsWritten: Promise<void> = Promise.resolve();
  readonly #watches = new Set<AddressWatch>();
  readonly #powerless = new Set<LabHost>();
  readonly #forget: () => void;

  constructor(directory: string, switchNamespace: Namespace, client: LabNode, hosts: readonly LabHost[]) {
    this.directory = directory;
    this.#switch = switchNamespace;
    this.client = client;
    this.hosts = hosts;
    this.#forget = atProcessEnd(() => {
      for (const each of this.#namespaces()) each.disposeNow();
      removeDirectory(directory);
    });
  }

  /** @throws RangeError where there is no such host */
  host(name: string): LabHost {
    const found = this.hosts.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`Cannot find host ${name} in the lab`);
    return found;
  }

  /**
   * Takes the power: the link goes down at the switch and every process of the host ends, at once. Its kernel is gone too,
   * so what addresses it had are. In truth they go when the power is back: the one kernel that all hosts have here changes addresses of one of
   * them at a time, and a thousand that go would make those wait who take over. @returns monotonic ms of the moment
   */
  async cutPower(host: LabHost): Promise<number> {
    const watched = new Set([...this.#watches].flatMap((watch) => watch.monitorPids));
    const doomed = host.namespace.pids().filter((pid) => !watched.has(pid));
    for (const cable of cablesOf(host)) await this.unplug(host, cable);
    const atMs = monotonicMs();
    host.namespace.killAll(doomed, watched);
    this.#powerless.add(host);
    for (const watch of this.#watches) watch.powerLost(host.name, atMs);
    await host.namespace.allEnded(watched);
    rmSync(host.runDirectory, { recursive: true, force: true });
    return atMs;
  }

  /** Gives it back: the host is as after a boot, with its own addresses and no processes. */
  async restorePower(host: LabHost): Promise<void> {
    mkdirSync(host.runDirectory, { recursive: true, mode: 0o755 });
    if (this.#powerless.delete(host)) {
      for (const cable of cablesOf(host)) await resetAddresses(host.namespace, cable);
    }
    await Promise.all([...this.#watches].map((watch) => watch.powerBack(host.name)));
    for (const cable of cablesOf(host)) await this.plug(host, cable);
  }

  /** The cable out: both ends lose the carrier. */
  async unplug(node: LabNode, cable: Wiring = node.wiring): Promise<void> {
    await this.#switch.run(['ip', 'link', 'set', cable.port, 'down']);
  }

  async plug(node: LabNode, cable: Wiring = node.wiring): Promise<void> {
    await this.#switch.run(['ip', 'link', 'set', cable.port, 'up']);
  }

  /**
   * Frames from one to another no longer pass the switch; the other way they do. 'any' stands for every port.
   * @param only what alone is cut; default: every frame @returns how to end this cut
   */
  async block(
    from: LabNode | 'any',
    to: LabNode | 'any',
    only: CutProtocol | null = null,
  ): Promise<() => Promise<void>> {
    const cut: Cut = {
      fromPort: from === 'any' ? null : from.wiring.port,
      toPort: to === 'any' ? null : to.wiring.port,
      only,
    };
    this.#cuts.add(cut);
    await this.#writeCuts();
    return async () => {
      if (this.#cuts.delete(cut)) await this.#writeCuts();
    };
  }

  /** Ends every cut. */
  async unblockAll(): Promise<void> {
    this.#cuts.clear();
    await this.#writeCuts();
  }

  /** Captures what passes a node's port at the switch. @param filter tcpdump's; '' takes all */
  capture(node: LabNode, filter: string, file: string): Promise<Capture> {
    return startCapture(this.#switch, node.wiring.port, filter, file);
  }

  /**
   * Captures what comes in at every port of the switch, once each.
   * @param filter tcpdump's @param passed what is captured also where it leaves the switch, once a port: only what no cut stops
   */
  captureAll(filter: string, file: string, passed: CutProtocol | null = null): Promise<Capture> {
    const incoming = filter === '' ? 'inbound' : `inbound and (${filter})`;
    const all = passed === null ? incoming : `(${incoming}) or (outbound and ${captureFilterOf(passed)})`;
    return startCapture(this.#switch, 'any', all, file);
  }

  /** The frames of such a capture, oldest first, for a dissector that is not ours: tcpdump's text, dated on the lab's clock. */
  async frames(capture: Capture): Promise<readonly Frame[]> {
    // In the switch's namespace: the file has the ports by index only.
    const text = await this.#switch.run(['tcpdump', '-tt', '-n', '-r', capture.file]);
    return parseFrames(text, wallToMonotonicMs());
  }

  /** What the host's kernel has, its own addresses and loopback left out. One without power has none. */
  async addresses(host: LabHost): Promise<readonly KernelAddress[]> {
    if (this.#powerless.has(host)) return [];
    const own = new Set<string>(cablesOf(host).flatMap(({ addresses }) => addresses));
    const all = await addressesOf(host.namespace);
    return all.filter((each) => each.scope === 'global' && !own.has(`${each.address}/${each.prefixLength}`));
  }

  /** Watches every host's kernel from now on. */
  async watchAddresses(): Promise<AddressWatch> {
    const watch = new AddressWatch();
    await Promise.all(this.hosts.map((host) => watch.add(host.namespace)));
    this.#watches.add(watch);
    return watch;
  }

  /** Ends everything the lab made and waits for the end. */
  async dispose(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await Promise.all(this.#namespaces().map((each) => each.dispose()));
    removeDirectory(this.directory);
    this.#forget(); // not before: this process may end meanwhile
  }

  /** One after the other, since each writes all cuts there are: of two at once an earlier one could have the last word. */
  #writeCuts(): Promise<void> {
    const written = this.#cutsWritten.then(() => applyCuts(this.#switch, this.#cuts));
    this.#cutsWritten = written.catch(() => {}); // whoever asked for it hears of it
    return written;
  }

  #namespaces(): readonly Namespace[] {
    return [...this.hosts.map((host) => host.namespace), this.client.namespace, this.#switch];
  }
}

/** The interface every host and the client have. */
export { interfaceName };

/** @throws LabUnavailableError where the machine does not allow it */
export async function createLab(options: LabOptions): Promise<Lab> {
  const privilege = await examinePrivilege();
  if (privilege.kind === 'none') throw new LabUnavailableError(privilege.reason);
  if (privilege.kind === 'user-namespace') {
    throw new LabUnavailableError(
      `Cannot make network namespaces without CAP_SYS_ADMIN: run as root, or behind: ${privilege.prefix.join(' ')}`,
    );
  }
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-lab-'));
  const opened: Namespace[] = [];
  const forget = atProcessEnd(() => {
    for (const each of opened) each.disposeNow();
    removeDirectory(directory);
  });
  try {
    const lab = await build(directory, opened, options);
    return lab;
  } catch (error) {
    for (const each of opened) await each.dispose();
    removeDirectory(directory);
    throw error;
  } finally {
    forget();
  }
}

async function build(directory: string, opened: Namespace[], { hosts, segments = 1 }: LabOptions): Promise<Lab> {
  const open = async (name: string): Promise<Namespace> => {
    const namespace = await openNamespace(name, directory);
    opened.push(namespace);
    return namespace;
  };
  const numbers = Array.from({ length: hosts }, (_, index) => index + 1);
  const switchNamespace = await open('switch');
  await raiseSwitch(switchNamespace, segments === 1 ? [firstSegment] : [firstSegment, secondSegment]);
  const attach = async (name: string, number: number): Promise<LabNode> => {
    const node: LabNode = { name, namespace: await open(name), wiring: wiringOf(number, firstSegment) };
    await connect(switchNamespace, node.namespace, node.wiring);
    return node;
  };
  const attachHost = async (number: number): Promise<LabHost> => {
    const node = await attach(`e${number}`, number);
    const second = segments === 1 ? null : wiringOf(number, secondSegment);
    if (second !== null) await connect(switchNamespace, node.namespace, second);
    return { ...node, second, ...makeDirectories(directory, node.name) };
  };
  const [client, ...nodes] = await Promise.all([attach('client', clientNumber), ...numbers.map(attachHost)]);
  return new Lab(directory, switchNamespace, client, nodes);
}

function makeDirectories(root: string, name: string): Pick<LabHost, 'directory' | 'runDirectory'> {
  const directory = join(root, name);
  const runDirectory = join(directory, 'run');
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  return { directory, runDirectory };
}

/** One for each segment, the first one first. */
export function cablesOf({ wiring, second }: LabHost): readonly Wiring[] {
  return second === null ? [wiring] : [wiring, second];
}

function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
