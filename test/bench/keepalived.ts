/**
 * keepalived as its users run it active-active: one VRRP instance a host, every host the first choice for one of them, no
 * preemption, so that a host that returns moves nothing. The addresses are dealt out over the instances.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../../agent/lab/deadline.ts';
import { interfaceName, type Lab, type LabHost } from '../../agent/lab/lab.ts';
import type { LabProcess } from '../../agent/lab/process.ts';
import { processTree } from '../../agent/lab/process-tree.ts';
import { bare } from './addresses.ts';
import { able, type Contender, type Group } from './contender.ts';

const endDeadlineMs = 15_000;
/** Its IPv4 protocol number, which CARP has taken as well. */
export const vrrp = { ipProtocol: 112 } as const;
/** What an advertisement can name; the others are virtual_ipaddress_excluded, as keepalived asks for. */
const advertisedMax = 20;

/** @param advertMs null: the default, 1 s and VRRP version 2 */
export function keepalived(advertMs: number | null): Contender {
  return {
    title: advertMs === null ? 'keepalived, defaults' : `keepalived, adverts every ${advertMs} ms`,
    name: advertMs === null ? 'keepalived' : `keepalived-${advertMs}ms`,
    family: 'keepalived',
    addressesMax: 4096,
    protocol: vrrp,
    hostsMax: 200,
    async prepare(lab, addresses) {
      return new KeepalivedGroup(lab, await lab.watchAddresses(), addresses, advertMs);
    },
  };
}

type Instance = {
  /** From 1 up: VRID, and the host that is the first choice. */
  readonly number: number;
  readonly addresses: string[];
};

class KeepalivedGroup implements Group {
  readonly watch: Group['watch'];
  readonly move: Group['move'] = able((address, _from, to) => this.#move(address, to));
  readonly addAddress: Group['addAddress'] = able((address) => this.#add(address));
  readonly #lab: Lab;
  readonly #instances: readonly Instance[];
  readonly #advertMs: number | null;
  readonly #processes = new Map<string, LabProcess>();

  constructor(lab: Lab, watch: Group['watch'], addresses: readonly string[], advertMs: number | null) {
    this.#lab = lab;
    this.watch = watch;
    this.#advertMs = advertMs;
    const count = Math.min(lab.hosts.length, addresses.length);
    this.#instances = Array.from({ length: count }, (_, index) => ({
      number: index + 1,
      addresses: addresses.filter((_address, at) => at % count === index),
    }));
  }

  /** With preemption first, for without it the first to speak gets all; taken back when everything is where it should be. */
  async startAll(): Promise<void> {
    for (const host of this.#lab.hosts) this.#write(host, 'preempt');
    await Promise.all(this.#lab.hosts.map((host) => this.start(host)));
    await this.watch.until('keepalived to spread the addresses', 30_000, () =>
      this.#instances.every(({ number, addresses }) =>
        addresses.every((address) => this.watch.holders(bare(address)).join() === `e${number}`),
      ),
    );
    for (const host of this.#lab.hosts) this.#write(host, 'nopreempt');
    this.#reload(this.#lab.hosts);
  }

  async start(host: LabHost): Promise<void> {
    const files = ['-f', fileOf(host), '-p', join(host.runDirectory, 'k.pid'), '-r', join(host.runDirectory, 'v.pid')];
    const argv = ['keepalived', '--dont-fork', '--log-console', '--vrrp', ...files];
    this.#processes.set(host.name, await host.namespace.spawn(argv, { name: `${host.name}-keepalived` }));
  }

  /** There is nothing to ask: a backup says nothing. */
  async joined(): Promise<void> {}

  async stop(host: LabHost): Promise<void> {
    const running = this.#process(host);
    running.signal('SIGTERM');
    await within(endDeadlineMs, `keepalived of ${host.name} to end`, running.ended);
  }

  pids(host: LabHost): readonly number[] {
    return processTree(this.#process(host).pid);
  }

  /** Parent and child, for either is restarted or ended by the other. */
  async kill(host: LabHost): Promise<void> {
    this.#signal(host, 'SIGKILL');
    await this.#process(host).ended;
  }

  freeze(host: LabHost): void {
    this.#signal(host, 'SIGSTOP');
  }

  thaw(host: LabHost): void {
    this.#signal(host, 'SIGCONT');
  }

  /** As an operator does it: the address's instance gets a higher priority there, and may preempt. */
  async #move(address: string, to: LabHost): Promise<void> {
    const moved = this.#instances.find((each) => each.addresses.some((own) => bare(own) === address));
    this.#write(to, 'nopreempt', moved);
    this.#reload([to]);
  }

  async #add(address: string): Promise<void> {
    this.#instances[0]?.addresses.push(address);
    for (const host of this.#lab.hosts) this.#write(host, 'nopreempt');
    this.#reload(this.#lab.hosts);
  }

  #reload(hosts: readonly LabHost[]): void {
    for (const host of hosts) this.#process(host).signal('SIGHUP');
  }

  #signal(host: LabHost, signal: NodeJS.Signals): void {
    // The child first: it would end politely when it finds its parent gone.
    for (const pid of this.pids(host).toReversed()) process.kill(pid, signal);
  }

  #process(host: LabHost): LabProcess {
    const found = this.#processes.get(host.name);
    if (found === undefined) throw new RangeError(`keepalived was not started on ${host.name}`);
    return found;
  }

  #write(host: LabHost, preemption: 'preempt' | 'nopreempt', moved?: Instance): void {
    const instances = this.#instances.map((each) => {
      return each === moved
        ? this.#instanceText(host, each, 254, 'preempt')
        : this.#instanceText(host, each, null, preemption);
    });
    const global = `global_defs {\n  router_id ${host.name}\n}\n`;
    mkdirSync(host.directory, { recursive: true });
    writeFileSync(fileOf(host), [global, ...instances].join('\n'));
  }

  #instanceText(host: LabHost, instance: Instance, priority: number | null, preemption: string): string {
    const count = this.#lab.hosts.length;
    const turn = (this.#lab.hosts.indexOf(host) - (instance.number - 1) + count) % count;
    const lines = instance.addresses.map((address) => `    ${address} dev ${interfaceName}\n`);
    const advertised = lines.slice(0, advertisedMax).join('');
    const excluded = lines.slice(advertisedMax).join('');
    return [
      `vrrp_instance V${instance.number} {`,
      '  state BACKUP',
      `  interface ${interfaceName}`,
      `  virtual_router_id ${instance.number}`,
      `  priority ${priority ?? Math.round(250 - (turn * 200) / count)}`,
      ...(this.#advertMs === null ? [] : ['  version 3', `  advert_int ${this.#advertMs / 1000}`]),
      ...(preemption === 'nopreempt' ? ['  nopreempt'] : []),
      `  virtual_ipaddress {\n${advertised}  }`,
      ...(excluded === '' ? [] : [`  virtual_ipaddress_excluded {\n${excluded}  }`]),
      '}\n',
    ].join('\n');
  }
}

function fileOf(host: LabHost): string {
  return join(host.directory, 'keepalived.conf');
}
