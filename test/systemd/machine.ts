/** A booted systemd with an interface and a configuration for the shipped unit: alone in its group, so that what goes is removed by this host. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Booted, boot } from './booted.ts';

export const address = '10.88.0.10';
export const configFile = '/etc/holdfast/holdfast.toml';
export const config = `
group = "unit"
key_file = "/etc/holdfast/unit.key"
mature = "0s"
[host.e1]
paths = ["10.88.0.1"]
[set.www]
interface = "eth0"
addresses = ["${address}/24"]
`;

const dropIns = '/run/systemd/system/holdfast.service.d';
const link = `
link add eth0 type veth peer name peer0
addr add 10.88.0.1/24 dev eth0
link set lo up
link set eth0 up
link set peer0 up
`;

export class Machine {
  readonly booted: Booted;
  #monitors = 0;
  #overridden = false;

  constructor(booted: Booted) {
    this.booted = booted;
  }

  run(...argv: readonly string[]): Promise<string> {
    return this.booted.run(argv);
  }

  async has(wanted: string): Promise<boolean> {
    return (await this.run('ip', '-o', 'addr', 'show', 'dev', 'eth0')).includes(`${wanted}/24`);
  }

  here = () => this.has(address);

  async mainPid(): Promise<number> {
    return Number(await this.booted.property('MainPID'));
  }

  async guardPid(): Promise<number> {
    return Number((await this.booted.attempt(['cat', '/run/holdfast/guard.lock'])).stdout);
  }

  async runs(pid: number): Promise<boolean> {
    return (await this.booted.attempt(['test', '-d', `/proc/${pid}/task`])).status === 0;
  }

  journal(): Promise<string> {
    return this.run('journalctl', '-u', 'holdfast', '-o', 'cat', '--no-pager');
  }

  async write(file: string, content: string): Promise<void> {
    await this.booted.run(['sh', '-c', `mkdir -p $(dirname ${file}) && cat > ${file}`], content);
  }

  /** As shipped, but for these settings. */
  async override(service: string): Promise<void> {
    await this.write(`${dropIns}/test.conf`, `[Service]\n${service}\n`);
    await this.run('systemctl', 'daemon-reload');
    this.#overridden = true;
  }

  /** Stopped and as shipped. */
  async reset(): Promise<void> {
    await this.booted.attempt(['systemctl', 'stop', 'holdfast']);
    await this.booted.attempt(['systemctl', 'reset-failed', 'holdfast']);
    await this.write(configFile, config);
    if (!this.#overridden) return;
    await this.run('rm', '-rf', dropIns);
    await this.run('systemctl', 'daemon-reload');
    this.#overridden = false;
  }

  async started(): Promise<{ readonly agent: number; readonly guard: number }> {
    await this.run('systemctl', 'start', 'holdfast');
    await this.booted.until('the address', this.here);
    return { agent: await this.mainPid(), guard: await this.guardPid() };
  }

  /** @returns every removal of the address from the kernel while it happened */
  async removalsDuring(act: () => Promise<void>): Promise<readonly string[]> {
    this.#monitors += 1;
    const monitor = await this.booted.spawn(['ip', '-o', 'monitor', 'address'], `monitor-${this.#monitors}`);
    await act();
    monitor.signal('SIGTERM');
    await monitor.ended;
    const said = readFileSync(monitor.logFile ?? '', 'utf8').split('\n');
    return said.filter((line) => line.startsWith('Deleted') && line.includes(address));
  }

  ended(pid: number): Promise<void> {
    return this.booted.until(`the end of process ${pid}`, async () => !(await this.runs(pid)));
  }

  anotherGuard(than: number): Promise<void> {
    return this.booted.until('another guard', async () => (await this.guardPid()) !== than);
  }

  async anotherAgent(than: number): Promise<void> {
    await this.booted.until('systemd to start another agent', async () => {
      const pid = await this.mainPid();
      return pid !== 0 && pid !== than && (await this.booted.property('ActiveState')) === 'active';
    });
  }
}

/** A string: why this machine cannot. */
async function bootMachine(): Promise<Machine | string> {
  const booted = await boot();
  if (typeof booted === 'string') return booted;
  const machine = new Machine(booted);
  await booted.run(['ip', '-batch', '-'], link.trimStart());
  await machine.write(configFile, config);
  await booted.run(['holdfast', 'keygen', '/etc/holdfast/unit.key']);
  return machine;
}

/** Booted before the tests of the file, which are skipped, and say why, where none can be; disposed of after them. */
export function useMachine(): () => Machine {
  let booting: Machine | string | undefined;
  beforeAll(async () => {
    booting = await bootMachine();
  });
  afterAll(async () => {
    if (typeof booting === 'object') await booting.booted.dispose();
  });
  beforeEach(({ skip }) => {
    if (typeof booting === 'string') skip(booting);
  });
  return () => {
    if (typeof booting !== 'object') throw new Error('The machine is booted when the tests begin');
    return booting;
  };
}
