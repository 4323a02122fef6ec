import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import type { ControlReply } from '../agent/control/protocol.ts';
import { Journal } from '../agent/journal.ts';
import { Reloads } from '../agent/reloads.ts';
import { openLog } from '../agent/system/log.ts';

const reloaded: ControlReply = {
  ...{ ok: true, kind: 'reload', keys: 1, sealing: '00000000' },
  ...{ changed: false, changes: [], failures: [] },
};

function setUp(reload: () => Promise<ControlReply>) {
  const told: string[] = [];
  const notifier = { reloading: () => void told.push('reloading'), ready: () => void told.push('ready') };
  const journal = new Journal(
    openLog(
      () => {},
      false,
      () => new Date(),
    ),
  );
  return { told, journal, reloads: new Reloads({ notifier, journal, reload }) };
}

describe('Reloads', () => {
  it('run(): one that fails midway is an answer, the service is ready again, and the next one may do better', async () => {
    const answers = [() => Promise.reject(new Error('EMFILE')), () => Promise.resolve(reloaded)];
    const { told, journal, reloads } = setUp(() => answers.shift()?.() ?? Promise.resolve(reloaded));
    const why = 'EMFILE; it is not taken over as a whole: reload again';
    expect(await Promise.all([reloads.run(), reloads.run()])).toEqual([{ ok: false, error: why }, reloaded]);
    expect(told).toEqual(['reloading', 'ready', 'reloading', 'ready']);
    expect(journal.events.map(({ text }) => text)).toEqual([`reload: ${why}`]);
  });

  it('run(): one that is refused changes nothing', async () => {
    const { told, journal, reloads } = setUp(async () => ({ ok: false, error: 'a: b\na: c' }));
    expect(await reloads.run()).toEqual({ ok: false, error: 'a: b\na: c' });
    expect(told).toEqual(['reloading', 'ready']);
    expect(journal.events.map(({ text }) => text)).toEqual(['reload: a: b; a: c; nothing changes']);
  });

  it('run(): a broken invariant is no answer', async () => {
    const { told, reloads } = setUp(() => Promise.reject(new AssertionError({ message: 'two owners' })));
    await expect(reloads.run()).rejects.toThrow('two owners');
    expect(told).toEqual(['reloading', 'ready']);
  });
});
