import { describe, expect, it } from 'vitest';
import { report, runUnprivileged } from './child.ts';

type Report = {
  readonly capabilities: string;
  readonly kernelSaysCapabilities: string;
  readonly realtime: Record<'outcome' | 'thread' | 'raised' | 'main', unknown>;
  readonly memory: unknown;
  readonly lockedKiB: number;
};

const ordinary = { priority: 0, policy: 0 };

const refused = (syscall: string, operation: string) => ({
  name: 'Error',
  code: 'EPERM',
  errno: 1,
  syscall,
  message: `${operation}: EPERM (Operation not permitted)`,
});

describe('without any capability', () => {
  it('every privileged call throws EPERM, and says what it wanted to do', async () => {
    const { status, stdout, stderr } = await runUnprivileged('privileges');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      capabilities: '0',
      kernelSaysCapabilities: '0',
      packet: refused('socket', 'Cannot open packet socket'),
      raw: refused('socket', 'Cannot open raw socket of protocol 1'),
      realtime: {
        outcome: refused('sched_setscheduler', 'Cannot set real-time priority 7'),
        thread: ordinary,
      },
    });
  });
});

describe('with every capability of a network namespace', () => {
  it('effectiveCapabilities(): is what the kernel says of the thread', async () => {
    const { capabilities, kernelSaysCapabilities } = (await isolated()) as Report;
    expect(capabilities).toBe(kernelSaysCapabilities);
    const netAdminAndRaw = (1n << 12n) | (1n << 13n);
    expect(BigInt(`0x${capabilities}`) & netAdminAndRaw).toBe(netAdminAndRaw);
  });

  it('openPacket(), openRaw(): open; an interface that is not there is ENODEV', async () => {
    expect(await isolated()).toMatchObject({
      packet: 'done',
      raw: 'done',
      missingInterface: {
        name: 'Error',
        code: 'ENODEV',
        errno: 19,
        syscall: 'bind',
        message: 'Cannot bind packet socket to interface 9999: ENODEV (No such device)',
      },
    });
  });

  // Two kernels, two answers: real-time scheduling needs CAP_SYS_NICE on the machine itself and a cgroup that has a share.
  it('setThreadRealtime(): changes one thread only, the calling one or the one named, and back, or throws EPERM', async () => {
    const result = (await isolated()) as Report;
    const done = { thread: { priority: 7, policy: 2 }, main: { priority: 3, policy: 2 } };
    const no = (priority: number) => refused('sched_setscheduler', `Cannot set real-time priority ${priority}`);
    expect([
      { outcome: 'done', raised: 'done', ...done },
      { outcome: no(7), raised: no(3), thread: ordinary, main: ordinary },
    ]).toContainEqual(result.realtime);
    expect(result).toMatchObject({ mainThread: ordinary });
  });

  it('lockMemory(): locks what is used, so that threads and the process still end, or throws', async () => {
    const { memory, lockedKiB } = (await isolated()) as Report;
    if (memory === 'done') expect(lockedKiB).toBeGreaterThan(0);
    else
      expect(memory).toMatchObject({
        name: 'Error',
        syscall: 'mlock2',
        code: expect.stringMatching(/^E(PERM|NOMEM|AGAIN)$/),
      });
  });
});

describe('replaceProcess()', () => {
  it('runs another program in its own place, or throws where there is none', async () => {
    expect(await report('replaced')).toEqual({
      samePid: true,
      refused: {
        code: 'ENOENT',
        syscall: 'execv',
        message: 'Cannot run /nowhere/at-all: ENOENT (No such file or directory)',
      },
      execArgv: ['--single-threaded'],
    });
  });
});

function isolated(): Promise<unknown> {
  return report('privileges', [], { isolated: true });
}
