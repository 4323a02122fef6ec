import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUnixDatagram } from '#native';
import { within } from '../../agent/lab/deadline.ts';
import { openNotifier } from '../../agent/system/notify.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-notify-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Stands for systemd: collects datagrams. */
function listen(path: string) {
  const datagrams: string[] = [];
  const waiting = new Set<() => void>();
  const socket = openUnixDatagram(
    { path },
    {
      onMessage(data) {
        datagrams.push(data.toString());
        for (const check of waiting) check();
      },
      onError() {},
    },
  );
  return {
    close: () => socket.close(),
    received(count: number): Promise<readonly string[]> {
      const enough = new Promise<readonly string[]>((resolve) => {
        const check = () => {
          if (datagrams.length >= count) resolve(datagrams);
        };
        waiting.add(check);
        check();
      });
      return within(5000, `${count} notifications`, enough);
    },
  };
}

describe('Notifier', () => {
  it.each([
    ['path', () => join(directory, 'notify'), (name: string) => name],
    ['abstract', () => `@holdfast-test-${process.pid}`, (name: string) => `\0${name.slice(1)}`],
  ])('Notifier: says everything to a %s socket', async (_, name, bound) => {
    const NOTIFY_SOCKET = name();
    const systemd = listen(bound(NOTIFY_SOCKET));
    const notifier = openNotifier({ NOTIFY_SOCKET });
    notifier.ready();
    const before = process.hrtime.bigint() / 1000n;
    notifier.reloading();
    notifier.status('holds 2 sets\nof 6');
    notifier.watchdog();
    notifier.stopping();
    const [ready, reloading, ...rest] = await systemd.received(5);
    expect(ready).toBe('READY=1');
    const [, microseconds = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading ?? '') ?? [];
    expect(Number(BigInt(microseconds) - before)).toBeLessThan(5_000_000);
    expect(BigInt(microseconds)).toBeGreaterThanOrEqual(before);
    expect(rest).toEqual(['STATUS=holds 2 sets of 6', 'WATCHDOG=1', 'STOPPING=1']);
    notifier.close();
    systemd.close();
  });

  it('Notifier: a socket that is gone is no crash, and is used again when it is back', async () => {
    const path = join(directory, 'notify');
    const notifier = openNotifier({ NOTIFY_SOCKET: path });
    expect(() => notifier.ready()).not.toThrow();
    const systemd = listen(path);
    notifier.watchdog();
    expect(await systemd.received(1)).toEqual(['WATCHDOG=1']);
    systemd.close();
    rmSync(path, { force: true });
    expect(() => notifier.stopping()).not.toThrow();
    notifier.close();
  });

  it.each([{}, { NOTIFY_SOCKET: '' }, { NOTIFY_SOCKET: 'vsock:2:1234' }])(
    'openNotifier(): silent with %j',
    (environment) => {
      const notifier = openNotifier({ ...environment, WATCHDOG_USEC: '1000000' });
      expect(() => notifier.ready()).not.toThrow();
      expect(notifier.watchdogIntervalMs).toBeNull();
    },
  );

  it.each([
    [{ WATCHDOG_USEC: '3000000' }, 1500],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: String(process.pid) }, 1500],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '1' }, null],
    [{ WATCHDOG_USEC: 'soon' }, null],
    [{}, null],
  ])('openNotifier(): the watchdog interval of %j', (environment, intervalMs) => {
    const notifier = openNotifier({ NOTIFY_SOCKET: join(directory, 'notify'), ...environment });
    expect(notifier.watchdogIntervalMs).toBe(intervalMs);
    notifier.close();
  });
});
