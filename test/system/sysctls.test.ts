import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sysctlNotes, sysctlWarnings } from '../../agent/system/sysctls.ts';

/** A host with these settings, and all others as they should be. */
function host(settings: Readonly<Record<string, number>>): (path: string) => string {
  const right: Readonly<Record<string, number>> = {
    promote_secondaries: 1,
    arp_announce: 2,
    arp_ignore: 1,
    rp_filter: 0,
  };
  return (path) => {
    const [, name = '', key = ''] = /conf\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (name === 'gone') throw new Error('ENOENT');
    return `${settings[`${name} ${key}`] ?? right[key]}\n`;
  };
}

/** What the drop-in of the package sets, on a kernel with its own defaults. */
function hostWithDropIn(): (path: string) => string {
  const text = readFileSync(new URL('../../systemd/holdfast-sysctl.conf', import.meta.url), 'utf8');
  const set = new Map([...text.matchAll(/^([a-z0-9_.]+) = (\d+)$/gm)].map(([, key = '', value = '']) => [key, value]));
  return (path) => set.get(path.replace('/proc/sys/', '').replaceAll('/', '.')) ?? '0';
}

describe('sysctlWarnings', () => {
  it('sysctlWarnings(): nothing where the drop-in is loaded, and something where it is not', () => {
    expect(sysctlWarnings(['eth0', 'bond0.20'], hostWithDropIn())).toEqual([]);
    expect(sysctlWarnings(['eth0'], () => '0')).toHaveLength(3);
  });

  it('sysctlWarnings(): nothing where all is right', () => {
    expect(sysctlWarnings(['eth0', 'gone'], host({}))).toEqual([]);
  });

  it('sysctlWarnings(): one line a setting, with the interfaces it concerns', () => {
    const read = host({ 'all arp_ignore': 0, 'eth0 arp_ignore': 0, 'eth1 arp_ignore': 0, 'eth2 arp_ignore': 1 });
    expect(sysctlWarnings(['eth0', 'eth1', 'eth2'], read)).toEqual([
      'net.ipv4.conf.all.arp_ignore should be 1 (eth0, eth1): another interface in the same segment may answer for the ' +
        'address with its own MAC; see docs/network.md',
    ]);
  });

  it('sysctlWarnings(): the larger of all and the interface counts, as in the kernel', () => {
    expect(sysctlWarnings(['eth0'], host({ 'all arp_announce': 0 }))).toEqual([]);
    expect(sysctlWarnings(['eth0'], host({ 'eth0 rp_filter': 1 }))).toHaveLength(1);
    expect(sysctlWarnings(['eth0'], host({ 'all rp_filter': 2, 'eth0 rp_filter': 1 }))).toEqual([]);
  });
});

describe('sysctlNotes', () => {
  const read = (values: Readonly<Record<string, string>>) => (path: string) => {
    const value = values[path.replace('/proc/sys/net/', '')];
    if (value === undefined) throw new Error('ENOENT');
    return `${value}\n`;
  };
  const off = { 'ipv4/ip_nonlocal_bind': '0', 'ipv6/ip_nonlocal_bind': '0' };

  it('sysctlNotes(): one line for what a service cannot bind to yet, of the IP versions there are', () => {
    const why =
      'a service cannot bind to an address of a set before this host has it, unless it binds to all or uses IP_FREEBIND; ' +
      'see docs/network.md';
    expect(sysctlNotes(new Set([4, 6]), read(off))).toEqual([
      `net.ipv4.ip_nonlocal_bind and net.ipv6.ip_nonlocal_bind are 0: ${why}`,
    ]);
    expect(sysctlNotes(new Set([6]), read(off))).toEqual([`net.ipv6.ip_nonlocal_bind is 0: ${why}`]);
  });

  it('sysctlNotes(): nothing where it is set, or the kernel has no such setting', () => {
    expect(
      sysctlNotes(new Set([4, 6]), read({ ...off, 'ipv4/ip_nonlocal_bind': '1', 'ipv6/ip_nonlocal_bind': '1' })),
    ).toEqual([]);
    expect(sysctlNotes(new Set([4, 6]), read({}))).toEqual([]);
  });
});
