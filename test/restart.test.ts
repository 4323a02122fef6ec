import { describe, expect, it } from 'vitest';
import type { Config } from '../agent/config/config.ts';
import { parseConfig } from '../agent/config/parse.ts';
import { Journal } from '../agent/journal.ts';
import { type HostName, type InstantMs, memberId } from '../agent/membership/view.ts';
import { noMemory } from '../agent/ownership/freeze.ts';
import { initialOwnership } from '../agent/ownership/state.ts';
import { Restart } from '../agent/restart.ts';
import { openLog } from '../agent/system/log.ts';
import { edited } from './config/fixture.ts';
import { poolOf } from './ownership/group.ts';

const self = memberId('e1' as HostName, 'a1'.repeat(16));
const instead = 'systemctl restart holdfast hands the sets over instead';

function configWith(line: string): Config {
  const parsed = parseConfig(edited({ 4: line }), 'f');
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join());
  return parsed.config;
}

/** Of an agent without a group: what it says to others, and what it asks its guard for. */
function setUp(guarded: boolean) {
  const asked: string[] = [];
  const log = openLog(
    () => {},
    false,
    () => new Date(),
  );
  const state = initialOwnership({ self, pool: poolOf('a'), matureMs: 0, memory: noMemory, now: 0 as InstantMs });
  const restart = new Restart({
    channel: { self, send: () => void asked.push('the group') },
    guard: {
      keep: async () => {
        asked.push('the guard');
        return true;
      },
    },
    journal: new Journal(log),
    ownership: () => state,
    onRestarting() {},
    guarded,
  });
  return { asked, restart };
}

describe('Restart.prepare()', () => {
  it.each([
    [
      'partition = "majority"',
      true,
      'with partition = "majority" nothing may be kept without an agent that knows of a cut',
    ],
    [
      'witness_addresses = ["192.0.2.1"]',
      true,
      'with witness_addresses nothing may be kept without an agent that asks them',
    ],
    ['takeover = "immediate"', true, 'with takeover = "immediate" the others do not wait'],
    ['', false, 'this kernel does not mark addresses (Linux 5.18 does): the guard keeps none'],
  ])('%s, marks %s: refused, with what to do instead, and nobody is told', async (line, guarded, why) => {
    const { asked, restart } = setUp(guarded);
    const reply = await restart.prepare(configWith(line), 60_000);
    expect(reply).toEqual({ ok: false, error: `Cannot hold: ${why}; ${instead}` });
    expect(asked).toEqual([]);
  });

  it('without a group: refused, and nobody is told', async () => {
    const { asked, restart } = setUp(true);
    const error = 'Cannot hold: this agent is leaving or has no group';
    expect(await restart.prepare(configWith(''), 60_000)).toEqual({ ok: false, error });
    expect(asked).toEqual([]);
  });
});
