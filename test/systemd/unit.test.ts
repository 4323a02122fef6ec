import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Booted, boot } from './booted.ts';

// The real unit under a real systemd, alone in its group: nobody takes over, so that what goes is removed by this host.
const address = '10.88.0.10';
const config = `
group = "unit"
key_file = "/etc/holdfast/unit.key"
mature = "0s"
[host.e1]
paths = ["10.88.0.1"]
[set.www]
interface = "eth0"
addresses = ["${address}/24"]
`;
/** CAP_NET_ADMIN (12) and CAP_NET_RAW (13). */
const capabilities = '0000000000003000';

let monitors = 0;
let machine: Booted | string;
let booted: Booted;

beforeAll(async () => {
  machine = await boot();
  if (typeof machine === 'string') return;
  booted = machine;
  await booted.run(
    ['ip', '-batch', '-'],
    'link add eth0 type veth peer name peer0\naddr add 10.88.0.1/24 dev eth0\nlink set lo up\nlink set eth0 up\nlink set peer0 up\n',
  );
  await booted.run(['sh', '-c', 'mkdir -p /etc/holdfast && cat > /etc/holdfast/holdfast.toml'], config);
  await booted.run(['holdfast', 'keygen', '/etc/holdfast/unit.key']);
});

afterAll(async () => {
  if (typeof machine === 'object') await machine.dispose();
});

beforeEach(({ skip }) => {
  if (typeof machine === 'string') skip(machine);
});

const here = async () => (await booted.run(['ip', '-o', 'addr', 'show', 'dev', 'eth0'])).includes(`${address}/24`);
const mainPid = async () => Number(await booted.property('MainPID'));
const guardPid = async () => Number((await booted.attempt(['cat', '/run/holdfast/guard.lock'])).stdout);
const runs = async (pid: number) => (await booted.attempt(['test', '-d', `/proc/${pid}/task`])).status === 0;
const journal = () => booted.run(['journalctl', '-u', 'holdfast', '-o', 'cat', '--no-pager']);

async function started(): Promise<{ readonly agent: number; readonly guard: number }> {
  await booted.run(['systemctl', 'start', 'holdfast']);
  await booted.until('the address', here);
  return { agent: await mainPid(), guard: await guardPid() };
}

/** @returns every removal of the address from the kernel while it happened */
async function removalsDuring(act: () => Promise<void>): Promise<readonly string[]> {
  monitors += 1;
  const monitor = await booted.spawn(['ip', '-o', 'monitor', 'address'], `monitor-${monitors}`);
  await act();
  monitor.signal('SIGTERM');
  await monitor.ended;
  const said = readFileSync(monitor.logFile ?? '', 'utf8').split('\n');
  return said.filter((line) => line.startsWith('Deleted') && line.includes(address));
}

async function anotherAgent(than: number): Promise<void> {
  await booted.until('systemd to start another agent', async () => {
    const pid = await mainPid();
    return pid !== 0 && pid !== than && (await booted.property('ActiveState')) === 'active';
  });
}

describe('holdfast.service', () => {
  it('says when it is up, and what it does; agent and guard are in the sandbox', async () => {
    const { agent, guard } = await started();
    expect(await booted.property('ActiveState')).toBe('active');
    await booted.until('its status', async () => (await booted.property('StatusText')).startsWith('1 of 1 sets here'));
    for (const pid of [agent, guard]) {
      const status = await booted.run(['cat', `/proc/${pid}/status`]);
      expect(status).toMatch(new RegExp(`CapBnd:\\s+${capabilities}`));
      expect(status).toMatch(new RegExp(`CapEff:\\s+${capabilities}`));
      expect(status).toMatch(/NoNewPrivs:\s+1/);
      expect(status).toMatch(/Seccomp:\s+2/);
    }
    await booted.run(['systemctl', 'reload', 'holdfast']);
    expect(await booted.property('ActiveState')).toBe('active');
  });

  it.each([
    ['is killed', 'KILL'],
    ['hangs', 'STOP'],
  ])(
    'an agent that %s: its guard outlives it, the next agent adopts, and the address never goes',
    async (_, signal) => {
      const { agent, guard } = await started();
      const removals = await removalsDuring(async () => {
        await booted.run(['kill', `-${signal}`, String(agent)]);
        await booted.until('the end of the agent', async () => !(await runs(agent)));
        expect(await runs(guard)).toBe(true);
        await anotherAgent(agent);
        await booted.until('another guard', async () => (await guardPid()) !== guard);
      });
      expect(removals).toEqual([]);
      expect(await here()).toBe(true);
      expect(await journal()).toMatch(/adopting www, which a guard has kept/);
    },
  );

  it('holdfast restart --hold: another agent under systemd, and the address never goes', async () => {
    const { agent } = await started();
    const removals = await removalsDuring(async () => {
      expect(await booted.run(['holdfast', 'restart', '--hold'])).toMatch(/1 set stayed here/);
    });
    expect(removals).toEqual([]);
    expect(await mainPid()).not.toBe(agent);
  });

  it('a restart is a stop and a start', async () => {
    const { agent, guard } = await started();
    const removals = await removalsDuring(async () => {
      await booted.run(['systemctl', 'restart', 'holdfast']);
      await booted.until('the address', here);
    });
    expect(removals.length).toBe(1);
    expect(await mainPid()).not.toBe(agent);
    expect(await runs(guard)).toBe(false);
  });

  it('a stop leaves nothing: no address, no guard', async () => {
    const { guard } = await started();
    await booted.run(['systemctl', 'stop', 'holdfast']);
    expect(await here()).toBe(false);
    expect(await runs(guard)).toBe(false);
    expect(await booted.property('Result')).toBe('success');
  });

  it('a stop in which the agent dies leaves nothing either', async () => {
    const dropIn = '/run/systemd/system/holdfast.service.d/dies.conf';
    const killed = '[Service]\nExecStop=-/usr/bin/kill -KILL $MAINPID\n';
    await booted.run(['sh', '-c', `mkdir -p $(dirname ${dropIn}) && cat > ${dropIn}`], killed);
    await booted.run(['systemctl', 'daemon-reload']);
    const { guard } = await started();
    await booted.run(['systemctl', 'stop', 'holdfast']);
    expect(await booted.property('Result')).toBe('signal');
    expect(await here()).toBe(false);
    await booted.until('the guard to end', async () => !(await runs(guard)));
  });

  it('a start with a file that is wrong fails with its status, and is not tried again', async () => {
    await booted.run(['sh', '-c', 'echo nonsense >> /etc/holdfast/holdfast.toml']);
    expect((await booted.attempt(['systemctl', 'start', 'holdfast'])).status).not.toBe(0);
    expect(await booted.property('ExecMainStatus')).toBe('10');
    expect(await booted.property('ActiveState')).toBe('failed');
    expect(await here()).toBe(false);
  });
}, 30_000);
