import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InterfaceName } from '../../agent/config/config.ts';
import { InterfaceFinder } from '../../agent/system/interface-finder.ts';
import { askIntervalMs, holdDownMs, LinkReadiness } from '../../agent/system/link-readiness.ts';
import { LinkTable } from '../../agent/system/links.ts';
import { linkEvents } from '../../agent/wire/rtnetlink-link.ts';
import { KernelOfLinks } from './kernel-of-links.ts';
import { ManualClock } from './manual-clock.ts';

/** Of no interface of this machine: it is listened to where there is one. */
const at = (index: number) => 900_000 + index;

// A router's links: a bond of two, VLANs on it, a VRF, a bridge for guests, a team.
const bond = { index: at(10), name: 'bond0', kind: 'bond' };
const guests = { index: at(20), name: 'br0', kind: 'bridge' };
const names = ['eth0', 'bond0', 'bond0.20', 'bond0.30', 'br0', 'br0.5', 'eth2', 'team0', 'eth3'] as InterfaceName[];

let kernel: KernelOfLinks;
let links: LinkTable;
let clock: ManualClock;
let readiness: LinkReadiness;

beforeEach(async () => {
  kernel = new KernelOfLinks();
  kernel.put(bond);
  kernel.put({ index: at(2), name: 'eth0', master: at(10) });
  kernel.put({ index: at(3), name: 'eth1', master: at(10) });
  kernel.put({ index: at(11), name: 'bond0.20', kind: 'vlan', lower: at(10) });
  kernel.put({ index: at(12), name: 'bond0.30', kind: 'vlan', lower: at(10), master: at(30) });
  kernel.put({ index: at(30), name: 'vrf0', kind: 'vrf' });
  kernel.put(guests);
  kernel.put({ index: at(21), name: 'br0.5', kind: 'vlan', lower: at(20) });
  kernel.put({ index: at(4), name: 'eth2', master: at(20) });
  kernel.put({ index: at(40), name: 'team0', kind: 'team' });
  kernel.put({ index: at(5), name: 'eth3', master: at(40) });
  links = new LinkTable(kernel.route);
  await links.open();
  clock = new ManualClock();
  const finder = new InterfaceFinder({ links, watch: { all: () => [], onChange: () => () => {} } });
  readiness = new LinkReadiness({ clock, links, finder, interfaces: names, onChange() {} });
  links.onChange(() => readiness.look());
  await readiness.open();
});

afterEach(() => readiness.close());

const hindranceOf = (name: string) => readiness.hindrance(name as InterfaceName);

describe('LinkReadiness.hindrance()', () => {
  it.each([
    ['bond0', null],
    ['bond0.20', null],
    ['bond0.30', null], // in a VRF, which leaves the addresses where they are
    ['br0', null],
    ['br0.5', null],
    ['team0', null],
    ['eth0', 'interface eth0 is a port of bond0'],
    ['eth2', 'interface eth2 is a port of br0'],
    ['eth3', 'interface eth3 is a port of team0'],
    ['eth9', 'interface eth9 does not exist'],
  ])('of %s: %s', (name, why) => {
    expect(hindranceOf(name)).toBe(why);
  });

  it('of VLANs whose lower link loses its carrier: the kernel takes theirs along, and each has its own reason', async () => {
    kernel.put({ ...bond, carrier: false }, 'late');
    clock.advance(askIntervalMs);
    await new Promise((resolve) => setImmediate(resolve)); // the kernel's answers
    expect(hindranceOf('bond0.20')).toBe('interface bond0.20 has no carrier');
    expect(hindranceOf('bond0.30')).toBe('interface bond0.30 has no carrier');
    expect(hindranceOf('br0.5')).toBeNull(); // on another link
    kernel.put(bond);
    clock.advance(holdDownMs);
    expect(['bond0', 'bond0.20', 'bond0.30'].map(hindranceOf)).toEqual([null, null, null]);
  });

  it('of VLANs whose lower link is taken down: they are down', () => {
    kernel.put({ ...bond, up: false, carrier: false });
    expect(hindranceOf('bond0.20')).toBe('interface bond0.20 is down');
    expect(hindranceOf('br0.5')).toBeNull();
  });

  it('of a link that is put into a VRF: the kernel takes it down and up again, and it carries sets there', () => {
    const link = { index: at(12), name: 'bond0.30', kind: 'vlan', lower: at(10) };
    kernel.put(link); // out of it
    expect(hindranceOf('bond0.30')).toBeNull();
    kernel.put({ ...link, master: at(30), up: false, carrier: false });
    expect(hindranceOf('bond0.30')).toBe('interface bond0.30 is down');
    kernel.put({ ...link, master: at(30) });
    expect(hindranceOf('bond0.30')).toBe('interface bond0.30 came up less than 1 s ago');
    clock.advance(holdDownMs);
    expect(hindranceOf('bond0.30')).toBeNull();
  });

  it('of a link that becomes a port, and leaves again', () => {
    kernel.put({ index: at(11), name: 'bond0.20', kind: 'vlan', lower: at(10), master: at(20) });
    expect(hindranceOf('bond0.20')).toBe('interface bond0.20 is a port of br0');
    kernel.put({ index: at(11), name: 'bond0.20', kind: 'vlan', lower: at(10) });
    expect(hindranceOf('bond0.20')).toBe('interface bond0.20 came up less than 1 s ago');
    clock.advance(holdDownMs);
    expect(hindranceOf('bond0.20')).toBeNull();
  });

  it('of a link that flaps: not before it has been up for the hold-down', () => {
    for (let flap = 0; flap < 3; flap++) {
      kernel.put({ ...bond, carrier: false });
      expect(hindranceOf('bond0')).toBe('interface bond0 has no carrier');
      kernel.put(bond);
      clock.advance(holdDownMs / 2);
      expect(hindranceOf('bond0')).toBe('interface bond0 came up less than 1 s ago');
    }
    clock.advance(holdDownMs / 2);
    expect(hindranceOf('bond0')).toBeNull();
  });

  it('of a link that was removed, made anew and renamed', () => {
    kernel.delete(at(11));
    expect(hindranceOf('bond0.20')).toBe('interface bond0.20 does not exist');
    kernel.put({ index: at(50), name: 'new', kind: 'vlan', lower: at(10) });
    kernel.put({ index: at(50), name: 'bond0.20', kind: 'vlan', lower: at(10) });
    expect(hindranceOf('bond0.20')).toBe('interface bond0.20 came up less than 1 s ago');
    clock.advance(holdDownMs);
    expect(hindranceOf('bond0.20')).toBeNull();
  });

  it('of a lost carrier that the kernel tells of late: asked for, and seen within the interval', async () => {
    kernel.put({ ...bond, carrier: false }, 'late');
    expect(hindranceOf('bond0')).toBeNull();
    clock.advance(askIntervalMs);
    await new Promise((resolve) => setImmediate(resolve)); // the kernel's answers
    expect(hindranceOf('bond0')).toBe('interface bond0 has no carrier');
  });
});

describe('LinkTable.onNewPlace()', () => {
  it.each([
    // The kernel tells the VLANs of a bond by itself.
    ['a bond', 10, [10]],
    // It does not tell bridges, nor what is made on them.
    ['a port of a bridge', 4, [4, 20, 21]],
    ['a port of a bond', 2, [2]],
  ])('of a change at %s', (_, index, affected) => {
    const told: number[] = [];
    links.onNewPlace((each) => told.push(each));
    kernel.tellEvent(at(index), linkEvents.bondingFailover);
    expect(told).toEqual(affected.map(at));
    kernel.tellEvent(at(index), linkEvents.notifyPeers);
    expect(told).toEqual([...affected, ...affected].map(at));
  });
});
