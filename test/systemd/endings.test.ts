import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { address, config, configFile, type Machine, useMachine } from './machine.ts';
import { limitMemory } from './memory-limit.ts';

// The shipped unit in what does not happen every day: reloads that are right and wrong, and every way in which an agent can end under systemd.

const second = '10.88.0.11';

const machineOf = useMachine();
let machine: Machine;

beforeEach(async () => {
  machine = machineOf();
  await machine.reset();
});

const run = (...argv: readonly string[]) => machine.run(...argv);
const property = (name: string) => machine.booted.property(name);
const gone = async () => !(await machine.here());

describe('holdfast.service, reloaded', () => {
  it('takes the new file over in the same process, and says it to systemd', async () => {
    const { agent, guard } = await machine.started();
    const before = Number(await property('StateChangeTimestampMonotonic'));
    const removals = await machine.removalsDuring(async () => {
      await machine.write(configFile, config.replace('/24"]', `/24", "${second}/24"]`));
      await run('systemctl', 'reload', 'holdfast');
      expect(await machine.has(second)).toBe(true);
    });
    expect(removals).toEqual([]);
    expect(Number(await property('StateChangeTimestampMonotonic'))).toBeGreaterThan(before); // it was reloading
    expect(await property('ActiveState')).toBe('active');
    expect([await machine.mainPid(), await machine.guardPid()]).toEqual([agent, guard]);
  });

  it('a file that is wrong: the reload fails, says why, and nothing changes', async () => {
    const { agent } = await machine.started();
    const removals = await machine.removalsDuring(async () => {
      await machine.write(configFile, 'group = "unit"');
      expect((await machine.booted.attempt(['systemctl', 'reload', 'holdfast'])).status).not.toBe(0);
    });
    expect(removals).toEqual([]);
    expect(await property('ActiveState')).toBe('active');
    expect(await machine.mainPid()).toBe(agent);
    expect(await machine.journal()).toMatch(/reload: .*holdfast\.toml.*; nothing changes/);
  });
}, 30_000);

describe('holdfast.service, ended', () => {
  it('a stop in which the agent dies: what is left is removed', async () => {
    await machine.override(
      'ExecStop=\nExecStop=-/usr/bin/touch /run/holdfast/stopping\nExecStop=-/usr/bin/kill -KILL $MAINPID',
    );
    const { guard } = await machine.started();
    await run('systemctl', 'stop', 'holdfast');
    expect(await property('Result')).toBe('signal');
    expect(await gone()).toBe(true);
    await machine.ended(guard);
  });

  it('a stop that the agent does not obey within TimeoutStopSec: the same', async () => {
    await machine.override('KillSignal=SIGCONT\nTimeoutStopSec=1s');
    const { agent, guard } = await machine.started();
    await run('systemctl', 'stop', 'holdfast');
    expect(await property('Result')).toBe('timeout');
    expect(await machine.runs(agent)).toBe(false);
    expect(await gone()).toBe(true);
    await machine.ended(guard);
  });

  it('a stop in the second before systemd starts a crashed agent anew: the same', async () => {
    await machine.override('RestartSec=30s');
    const { agent, guard } = await machine.started();
    await run('kill', '-KILL', String(agent));
    await machine.booted.until('the wait for the next', async () => (await property('SubState')) === 'auto-restart');
    expect(await machine.here()).toBe(true);
    await run('systemctl', 'stop', 'holdfast');
    await machine.booted.until('the removal', gone);
    await machine.ended(guard);
    expect(await property('ActiveState')).toBe('inactive');
  });

  it('a crash after which the file is wrong: systemd gives up, and the guard keeps what it has', async () => {
    await machine.override('RestartSec=200ms');
    const { agent, guard } = await machine.started();
    const removals = await machine.removalsDuring(async () => {
      await machine.write(configFile, 'nonsense');
      await run('kill', '-KILL', String(agent));
      await machine.booted.until('systemd to give up', async () => (await property('ActiveState')) === 'failed');
    });
    expect(removals).toEqual([]);
    expect(await machine.runs(guard)).toBe(true);
    expect(await run('holdfast', 'release')).toMatch(/1 address removed/);
  });

  it('the watchdog, where the guard cannot: systemd kills the agent, the next one adopts', async () => {
    await machine.override('WatchdogSec=1s');
    const { agent, guard } = await machine.started();
    const removals = await machine.removalsDuring(async () => {
      await run('kill', '-STOP', String(guard), String(agent));
      await machine.ended(agent);
      await run('kill', '-CONT', String(guard));
      await machine.anotherAgent(agent);
      await machine.anotherGuard(guard);
    });
    expect(removals).toEqual([]);
    const journal = await machine.journal();
    expect(journal).toMatch(/Watchdog timeout/);
    expect(journal).toMatch(/adopting www, which a guard has kept/);
  });

  it('out of memory: the kernel kills the agent, the guard outlives it, the next one adopts', async ({ skip }) => {
    await machine.override('RestartSec=200ms');
    const { agent, guard } = await machine.started();
    const limit = limitMemory(machine.booted.outside(agent));
    if (typeof limit === 'string') return skip(limit);
    try {
      const removals = await machine.removalsDuring(async () => {
        await machine.booted.attempt(['timeout', '1', 'holdfast', 'status']); // makes it ask for some
        await machine.ended(agent);
        expect(await machine.runs(guard)).toBe(true);
        await machine.anotherAgent(agent);
      });
      expect(limit.kills()).toBe(1);
      expect(removals).toEqual([]);
    } finally {
      limit.remove();
    }
  });

  it('shutdown: the address goes politely, before the network does', async () => {
    const network = 'ExecStart=/bin/true\nExecStop=/usr/sbin/ip link set eth0 down\nRemainAfterExit=yes';
    await machine.write(
      '/run/systemd/system/network-up.service',
      `[Unit]\nBefore=network.target\nWants=network.target\n[Service]\nType=oneshot\n${network}\n`,
    );
    await run('systemctl', 'start', 'network-up');
    await machine.started();
    const kernel = await machine.booted.spawn(['ip', '-o', 'monitor', 'link', 'address'], 'shutdown');
    const journal = await machine.booted.spawn(
      ['journalctl', '-f', '-n', '0', '-o', 'cat', '-u', 'holdfast'],
      'journal',
    );
    await run('systemctl', 'poweroff');
    const seen = () => readFileSync(kernel.logFile ?? '', 'utf8').split('\n');
    const down = (line: string) => line.includes('eth0') && line.includes('state DOWN');
    await machine.booted.until('the network to be shut down', async () => seen().some(down));
    const removed = seen().findIndex((line) => line.startsWith('Deleted') && line.includes(address));
    expect(removed).toBeGreaterThanOrEqual(0);
    expect(removed).toBeLessThan(seen().findIndex(down));
    expect(readFileSync(journal.logFile ?? '', 'utf8')).toMatch(/SIGTERM: handing over and stopping/);
  });
}, 30_000);
