import { describe, expect, it } from 'vitest';
import type { SetName } from '../../agent/ownership/grant.ts';
import {
  Conflicts,
  conflictQuietMs,
  defendIntervalMs,
  describe as describeConflict,
  strangerMsMax,
} from '../../agent/system/conflicts.ts';
import { parseMac, zeroMac } from '../../agent/wire/mac-address.ts';
import { ManualClock } from './manual-clock.ts';

const own = parseMac('02:00:00:00:00:0a') ?? zeroMac;
const foreign = parseMac('02:00:00:00:00:0b') ?? zeroMac;
const www = 'www' as SetName; // as a configuration would have it
const claim = { interfaceIndex: 2, address: '192.0.2.10', mac: foreign };

function setUp(holds: () => boolean = () => true) {
  const clock = new ManualClock();
  const told: string[] = [];
  const conflicts = new Conflicts({
    clock,
    setOf: ({ interfaceIndex, address }) =>
      interfaceIndex === 2 && address === '192.0.2.10' && holds() ? www : undefined,
    isOwn: (mac) => mac === own,
    onConflict: (set, claimant) => told.push(`${clock.now()} ${set}: ${describeConflict(claimant)}`),
    defend: (set) => told.push(`${clock.now()} defend ${set}`),
  });
  return { clock, conflicts, told };
}

describe('Conflicts', () => {
  it('heard(): told once, defended at most once in 10 s', () => {
    const { clock, conflicts, told } = setUp();
    for (let second = 0; second < 25; second++) {
      conflicts.heard(claim);
      clock.advance(1000);
    }
    expect(told).toEqual([
      '0 www: conflict: 02:00:00:00:00:0b claims 192.0.2.10',
      '0 defend www',
      `${defendIntervalMs} defend www`,
      `${2 * defendIntervalMs} defend www`,
    ]);
  });

  it('heard(): nothing where it is not held, on another interface, or from this host itself', () => {
    const { conflicts, told } = setUp();
    conflicts.heard({ ...claim, address: '192.0.2.11' });
    conflicts.heard({ ...claim, interfaceIndex: 3 });
    conflicts.heard({ ...claim, mac: own });
    expect(told).toEqual([]);
    expect(conflicts.problems(() => true).size).toBe(0);
  });

  it('claimed(): who was heard to have it before this host had it is told of then, unless it was long ago or is of the group', () => {
    let held = false;
    const { clock, conflicts, told } = setUp(() => held);
    const silent = parseMac('02:00:00:00:00:0c') ?? zeroMac;
    const member = parseMac('02:00:00:00:00:0d') ?? zeroMac;
    conflicts.heard({ ...claim, mac: silent });
    clock.advance(strangerMsMax + 1);
    conflicts.heard(claim);
    conflicts.heard({ ...claim, mac: member });
    conflicts.addMembers([member]);
    expect(told).toEqual([]);
    held = true;
    conflicts.claimed([www]);
    conflicts.claimed([www]);
    const why = 'conflict: 02:00:00:00:00:0b claims 192.0.2.10';
    expect(told).toEqual([`${clock.now()} www: ${why}`, `${clock.now()} defend www`]);
    expect([...conflicts.problems(() => true)]).toEqual([[www, why]]);
  });

  it('addMembers(): what members claim is no conflict, also where they are known only afterwards', () => {
    const { conflicts, told } = setUp();
    conflicts.heard(claim);
    expect(conflicts.problems(() => true).get(www)).toBe('conflict: 02:00:00:00:00:0b claims 192.0.2.10');
    conflicts.addMembers([foreign]);
    expect(conflicts.problems(() => true).size).toBe(0);
    const before = told.length;
    conflicts.heard(claim);
    expect(told).toHaveLength(before);
  });

  it('problems(): until it was quiet for a while, and only of what is held', () => {
    const { clock, conflicts, told } = setUp();
    conflicts.heard(claim);
    clock.advance(conflictQuietMs);
    expect(conflicts.problems(() => true).size).toBe(1);
    expect(conflicts.problems(() => false).size).toBe(0);
    clock.advance(1);
    expect(conflicts.problems(() => true).size).toBe(0);
    conflicts.heard(claim);
    expect(told.filter((line) => line.includes('conflict'))).toHaveLength(2);
  });

  it('current(): who and since when, while it is heard and the set held', () => {
    const { clock, conflicts } = setUp();
    const current = (holds: boolean) =>
      conflicts.current(
        () => holds,
        () => false,
      );
    clock.advance(100);
    conflicts.heard(claim);
    clock.advance(conflictQuietMs);
    conflicts.heard(claim);
    expect(current(true).get(www)).toMatchObject({ address: '192.0.2.10', mac: foreign, since: 100 });
    expect(current(false).size).toBe(0);
    clock.advance(conflictQuietMs + 1);
    expect(current(true).size).toBe(0);
    conflicts.heard(claim);
    expect(current(true).get(www)?.since).toBe(clock.now());
    conflicts.addMembers([foreign]);
    expect(current(true).size).toBe(0);
  });

  it('refused(): who has what could not be claimed, from the first try on, until it is claimed or fails for another reason', () => {
    const { clock, conflicts } = setUp();
    const claimant = { address: '192.0.2.10', mac: foreign };
    const current = (waits = true) =>
      conflicts.current(
        () => false,
        () => waits,
      );
    const refuse = () => {
      conflicts.refused(www, claimant);
      conflicts.failed(www, describeConflict(claimant));
    };
    refuse();
    clock.advance(10_000);
    refuse();
    expect(current().get(www)).toMatchObject({ ...claimant, since: 0 });
    expect(current(false).size).toBe(0);
    const other = parseMac('02:00:00:00:00:0c') ?? zeroMac;
    conflicts.refused(www, { ...claimant, mac: other });
    expect(current().get(www)).toMatchObject({ mac: other, since: 10_000 });
    conflicts.failed(www, 'EPERM');
    expect(current().size).toBe(0);
    refuse();
    conflicts.claimed([www]);
    expect(current().size).toBe(0);
    refuse();
    conflicts.addMembers([foreign]);
    expect(current().size).toBe(0);
  });

  it('refused(): a set that is given up for a station was in conflict with it before', () => {
    const { clock, conflicts } = setUp();
    conflicts.heard(claim);
    clock.advance(50);
    conflicts.refused(www, claim);
    const current = conflicts.current(
      () => false,
      () => true,
    );
    expect(current.get(www)?.since).toBe(0);
  });

  it('heard(): remembers a bounded number of stations', () => {
    const { conflicts } = setUp();
    for (let n = 0; n < 10_000; n++) {
      const octets = [n >> 8, n & 0xff].map((octet) => octet.toString(16).padStart(2, '0'));
      conflicts.heard({ ...claim, mac: parseMac(`02:00:00:01:${octets.join(':')}`) ?? zeroMac });
    }
    expect(conflicts.problems(() => true).get(www)).toContain('02:00:00:01:27:0f');
  });
});
