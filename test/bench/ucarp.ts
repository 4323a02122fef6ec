/** ucarp: a process an address and host; its scripts add and remove the address, as Debian's do. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from '../../agent/lab/deadline.ts';
import { interfaceName, type Lab, type LabHost } from '../../agent/lab/lab.ts';
import type { LabProcess } from '../../agent/lab/process.ts';
import { bare } from './addresses.ts';
import { able, type Contender, type Group, unable } from './contender.ts';
import { vrrp } from './keepalived.ts';

const endDeadlineMs = 15_000;
/** The most reluctant takes over after 3 × (1 + 200 / 256) s of silence, and hears the better one within its second. */
const startMs = 6_500;

/** At its shortest interval, which is its default, 1 s: it takes whole seconds. */
export function ucarp(): Contender {
  return {
    title: 'ucarp, defaults',
    name: 'ucarp',
    family: 'ucarp',
    protocol: vrrp,
    addressesMax: 8, // a process each, on every host
    hostsMax: 8,
    async prepare(lab, addresses) {
      return new UcarpGroup(lab, await lab.watchAddresses(), addresses);
    },
  };
}

class UcarpGroup implements Group {
  readonly watch: Group['watch'];
  readonly move: Group['move'] = able(async (address, from) => this.#signalOne(from, address, 'SIGUSR2'));
  readonly addAddress: Group['addAddress'] = unable('it knows one address a process');
  readonly #lab: Lab;
  readonly #addresses: readonly string[];
  /** By host and address. */
  readonly #processes = new Map<string, LabProcess>();

  constructor(lab: Lab, watch: Group['watch'], addresses: readonly string[]) {
    this.#lab = lab;
    this.watch = watch;
    this.#addresses = addresses;
    this.#script('up', 'add');
    this.#script('down', 'del');
  }

  /** Those that started last still try to take over when all is held long since, and are put down again. */
  async startAll(): Promise<void> {
    await Promise.all(this.#lab.hosts.map((host) => this.start(host)));
    await pause(startMs);
  }

  async start(host: LabHost): Promise<void> {
    await Promise.all(this.#addresses.map((address, index) => this.#startOne(host, address, index)));
  }

  async joined(): Promise<void> {}

  async stop(host: LabHost): Promise<void> {
    const running = this.#of(host);
    for (const each of running) each.signal('SIGTERM');
    await within(endDeadlineMs, `ucarp of ${host.name} to end`, Promise.all(running.map((each) => each.ended)));
  }

  pids(host: LabHost): readonly number[] {
    return this.#of(host).map((each) => each.pid);
  }

  async kill(host: LabHost): Promise<void> {
    for (const each of this.#of(host)) each.signal('SIGKILL');
    await Promise.all(this.#of(host).map((each) => each.ended));
  }

  freeze(host: LabHost): void {
    for (const each of this.#of(host)) each.signal('SIGSTOP');
  }

  thaw(host: LabHost): void {
    for (const each of this.#of(host)) each.signal('SIGCONT');
  }

  async #startOne(host: LabHost, address: string, index: number): Promise<void> {
    const count = this.#lab.hosts.length;
    const turn = (this.#lab.hosts.indexOf(host) - index + this.#addresses.length * count) % count;
    const own = host.wiring.addresses[0].split('/')[0] ?? '';
    const argv = ['ucarp', `--interface=${interfaceName}`, `--srcip=${own}`, `--vhid=${index + 1}`, '--pass=bench'];
    const scripts = [`--upscript=${this.#file('up')}`, `--downscript=${this.#file('down')}`, '--shutdown', '--neutral'];
    const rest = [`--addr=${bare(address)}`, `--advskew=${Math.floor((turn * 200) / count)}`, `--xparam=${address}`];
    const name = `${host.name}-ucarp-${index + 1}`;
    this.#processes.set(keyOf(host, address), await host.namespace.spawn([...argv, ...scripts, ...rest], { name }));
  }

  #signalOne(host: LabHost, address: string, signal: NodeJS.Signals): void {
    const full = this.#addresses.find((each) => bare(each) === address) ?? address;
    this.#processes.get(keyOf(host, full))?.signal(signal);
  }

  #of(host: LabHost): readonly LabProcess[] {
    return this.#addresses.flatMap((address) => this.#processes.get(keyOf(host, address)) ?? []);
  }

  /** ucarp gives a script the interface, the address and the extra parameter. */
  #script(name: 'up' | 'down', verb: 'add' | 'del'): void {
    writeFileSync(this.#file(name), `#!/bin/sh\nexec ip addr ${verb} "$3" dev "$1"\n`);
    chmodSync(this.#file(name), 0o755);
  }

  #file(name: string): string {
    return join(this.#lab.directory, `ucarp-${name}.sh`);
  }
}

function keyOf(host: LabHost, address: string): string {
  return `${host.name} ${address}`;
}
