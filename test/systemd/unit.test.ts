import { beforeEach, describe, expect, it } from 'vitest';
import { configFile, type Machine, useMachine } from './machine.ts';

// The real unit under a real systemd: what it is run with, and what becomes of the address in each ordinary event.

/** CAP_NET_ADMIN (12) and CAP_NET_RAW (13). */
const capabilities = '0000000000003000';

const machineOf = useMachine();
let machine: Machine;

beforeEach(() => {
  machine = machineOf();
});

const run = (...argv: readonly string[]) => machine.run(...argv);
const property = (name: string) => machine.booted.property(name);

describe('holdfast.service', () => {
  it('says when it is up, and what it does; agent and guard are in the sandbox', async () => {
    const { agent, guard } = await machine.started();
    expect(await property('ActiveState')).toBe('active');
    const status = async () => (await property('StatusText')).startsWith('1 of 1 sets here');
    await machine.booted.until('its status', status);
    for (const pid of [agent, guard]) {
      const ofProcess = await run('cat', `/proc/${pid}/status`);
      expect(ofProcess).toMatch(new RegExp(`CapBnd:\\s+${capabilities}`));
      expect(ofProcess).toMatch(new RegExp(`CapEff:\\s+${capabilities}`));
      expect(ofProcess).toMatch(/NoNewPrivs:\s+1/);
      expect(ofProcess).toMatch(/Seccomp:\s+2/);
    }
  });

  it.each([
    ['is killed', 'KILL'],
    ['hangs', 'STOP'],
  ])(
    'an agent that %s: its guard outlives it, the next agent adopts, and the address never goes',
    async (_, signal) => {
      const { agent, guard } = await machine.started();
      const removals = await machine.removalsDuring(async () => {
        await run('kill', `-${signal}`, String(agent));
        await machine.ended(agent);
        expect(await machine.runs(guard)).toBe(true);
        await machine.anotherAgent(agent);
        await machine.anotherGuard(guard);
      });
      expect(removals).toEqual([]);
      expect(await machine.here()).toBe(true);
      expect(await machine.journal()).toMatch(/adopting www, which a guard has kept/);
    },
  );

  it('holdfast restart --hold: another agent under systemd, and the address never goes', async () => {
    const { agent } = await machine.started();
    const removals = await machine.removalsDuring(async () => {
      expect(await run('holdfast', 'restart', '--hold')).toMatch(/1 set stayed here/);
    });
    expect(removals).toEqual([]);
    expect(await machine.mainPid()).not.toBe(agent);
  });

  it('a restart is a stop and a start', async () => {
    const { agent, guard } = await machine.started();
    const removals = await machine.removalsDuring(async () => {
      await run('systemctl', 'restart', 'holdfast');
      await machine.booted.until('the address', machine.here);
    });
    expect(removals.length).toBe(1);
    expect(await machine.mainPid()).not.toBe(agent);
    expect(await machine.runs(guard)).toBe(false);
  });

  it('a stop leaves nothing: no address, no guard', async () => {
    const { guard } = await machine.started();
    await run('systemctl', 'stop', 'holdfast');
    expect(await machine.here()).toBe(false);
    expect(await machine.runs(guard)).toBe(false);
    expect(await property('Result')).toBe('success');
  });

  it('a start with a file that is wrong fails with its status, and is not tried again', async () => {
    await machine.write(configFile, 'nonsense');
    expect((await machine.booted.attempt(['systemctl', 'start', 'holdfast'])).status).not.toBe(0);
    expect(await property('ExecMainStatus')).toBe('10');
    expect(await property('ActiveState')).toBe('failed');
    expect(await machine.here()).toBe(false);
  });
}, 30_000);
