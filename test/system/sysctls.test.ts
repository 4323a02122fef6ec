import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sysctlWarnings } from '../../agent/system/sysctls.ts';

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
