import { describe, expect, it } from 'vitest';
import { type HostName, type MemberId, memberId } from '../agent/membership/view.ts';
import { Stations } from '../agent/stations.ts';
import type { MacAddress } from '../agent/wire/mac-address.ts';

function run(host: string): MemberId {
  return memberId(host as HostName, '0'.repeat(32));
}

function macOf(host: string): MacAddress {
  return `02:00:00:00:00:0${host.slice(1)}` as MacAddress;
}

describe('Stations.isElsewhere(): an answer for what a silent member held', () => {
  const stations = new Stations();
  for (const host of ['e1', 'e2', 'e3']) stations.learn(run(host), [macOf(host)]);
  const present = [run('e1')];

  it.each([
    { from: 'e3', silent: 'e3', left: true, why: 'its own' },
    { from: 'e1', silent: 'e1', left: true, why: 'its own, while it is in the view' },
    { from: 'e2', silent: 'e3', left: true, why: 'of another silent one, which has taken it over' },
    { from: 'e1', silent: 'e3', left: false, why: 'of one of the view' },
    { from: 'e9', silent: 'e3', left: false, why: 'of a station outside of the group' },
    { from: 'e4', silent: 'e4', left: true, why: 'of one that was silent before this host came' },
    { from: 'e1', silent: 'e4', left: false, why: 'of one of the view, for one that was silent before' },
  ])('$why: $left', ({ from, silent, left }) => {
    expect(stations.isElsewhere(macOf(from), run(silent), present)).toBe(left);
  });
});
