import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../agent/config/config.ts';
import { parseConfig } from '../../agent/config/parse.ts';
import { edited, errorsOf } from './fixture.ts';

function parsed(text: string): Config {
  const result = parseConfig(text, 'f');
  expect(result).toHaveProperty('ok', true);
  if (!result.ok) throw new Error('unreachable: expected above');
  return result.config;
}

describe('parseConfig()', () => {
  it('gives what the file says, and defaults for the rest', () => {
    const { poolVersion, ...config } = parsed(edited({}));
    expect(poolVersion).toMatch(/^[0-9a-f]{16}$/);
    expect(config).toEqual({
      file: 'f',
      group: 'edge',
      keyFile: '/etc/holdfast/edge.key',
      heartbeatMs: 100,
      detectMs: 225,
      takeover: 'answered',
      hangMs: 500,
      port: 4807,
      discovery: { kind: 'multicast', address: '239.255.72.68' },
      peers: [],
      matureMs: 5000,
      lifetimeSeconds: 6,
      partition: 'serve',
      witnessAddresses: [],
      probeMs: 200,
      conflict: 'keep',
      announce: { framesPerSecond: 12_000, notify: [], neighbours: true },
      balance: { mode: 'on-demand', movesMax: 2, everyMs: 30_000 },
      damping: { halfLifeMs: 900_000, suppress: 2_000, reuse: 750, ceiling: 12_000 },
      hosts: [
        { name: 'e1', paths: ['10.1.0.1', '10.2.0.1'], weight: 100, witness: false },
        { name: 'e2', paths: ['10.1.0.2'], weight: 100, witness: false },
      ],
      sets: [
        {
          name: 'www',
          addresses: [
            { family: 4, address: '192.0.2.10', prefixLength: 24, interface: 'eth0' },
            { family: 6, address: '2001:db8::10', prefixLength: 64, interface: 'eth0' },
          ],
          prefer: [],
          only: null,
          apart: null,
          failbackMs: null,
          handover: 'make-before-break',
        },
      ],
    });
  });

  it.each([
    ['the subnet of each address where it is left out', '', ['192.0.2.0/24', '2001:db8::/64']],
    ['a subnet', 'interface = "10.1.0.0/24"', ['10.1.0.0/24', '10.1.0.0/24']],
    ['a subnet, in canonical form', 'interface = "2001:DB8:0::/48"', ['2001:db8::/48', '2001:db8::/48']],
  ])('takes for an interface %s', (_, line, choices) => {
    const [set] = parsed(edited({ 12: line })).sets;
    expect(set?.addresses.map((address) => address.interface)).toEqual(choices);
    const [, pooled] = parsed(edited({}, '[pool.p]', line, 'range = "192.0.2.20-192.0.2.21"', 'prefix = 24')).sets;
    expect(pooled?.addresses[0]?.interface).toBe(choices[0]);
  });

  it('lets a host speak from the IPv6 addresses of a set or a pool where that is asked for', () => {
    const pool = ['[pool.p]', 'interface = "eth1"', 'range = "2001:db8::20"', 'prefix = 64', 'preferred_source = true'];
    const { sets } = parsed(edited({ 12: 'interface = "eth0"\npreferred_source = true' }, ...pool));
    const sources = sets.flatMap(({ addresses }) => addresses.map((it) => [it.address, it.preferredSource ?? false]));
    expect(sources).toEqual([
      ['192.0.2.10', false],
      ['2001:db8::10', true],
      ['2001:db8::20', true],
    ]);
    expect(parsed(edited({ 12: 'interface = "eth0"\npreferred_source = false' })).poolVersion).toBe(
      parsed(edited({})).poolVersion,
    );
  });

  it.each([
    ['takeover = "immediate"', { takeover: 'immediate' }],
    ['hang = "2s"', { hangMs: 2000 }],
    ['heartbeat = "10ms"', { heartbeatMs: 10, detectMs: 23 }],
    ['heartbeat = "5ms"', { heartbeatMs: 5, detectMs: 12 }],
    ['heartbeat = "10ms"\ndetect = "30ms"', { heartbeatMs: 10, detectMs: 30 }],
    ['detect = "500ms"', { heartbeatMs: 222, detectMs: 500 }],
    ['detect = "499ms"', { heartbeatMs: 221, detectMs: 499 }],
    ['detect = "10ms"', { heartbeatMs: 5, detectMs: 10 }],
    ['detect = "1m"', { heartbeatMs: 10_000, detectMs: 60_000 }],
    ['heartbeat = "1s"\ndetect = "2s"', { heartbeatMs: 1000, detectMs: 2000 }],
    ['', { heartbeatMs: 100, detectMs: 225 }],
    ['mature = "0s"', { matureMs: 0 }],
    ['lifetime = "never"', { lifetimeSeconds: 'never' }],
    ['lifetime = "1m"', { lifetimeSeconds: 60 }],
    ['port = 5000', { port: 5000 }],
    ['discovery = "hosts"', { discovery: { kind: 'hosts' } }],
    [
      'discovery = "hosts"\npeers = ["Edge.Example.net", "a", "n1.lan.", "192.0.2.7", "2001:DB8:0::7"]',
      {
        peers: [
          { kind: 'name', name: 'edge.example.net' },
          { kind: 'name', name: 'a' },
          { kind: 'name', name: 'n1.lan.' },
          { kind: 'address', address: '192.0.2.7' },
          { kind: 'address', address: '2001:db8::7' },
        ],
      },
    ],
    ['peers = []\ndiscovery = "hosts"', { peers: [] }],
    ['multicast_address = "239.255.0.1"', { discovery: { kind: 'multicast', address: '239.255.0.1' } }],
    ['balance.mode = "off"', { balance: { mode: 'off' } }],
    ['balance.mode = "auto"', { balance: { mode: 'auto', movesMax: 2, everyMs: 30_000 } }],
    [
      'balance = { mode = "auto", moves = 5, every = "1m" }',
      { balance: { mode: 'auto', movesMax: 5, everyMs: 60_000 } },
    ],
    ['damping.mode = "off"', { damping: null }],
    [
      'damping = { suppress = 3000 }',
      { damping: { halfLifeMs: 900_000, suppress: 3_000, reuse: 750, ceiling: 12_000 } },
    ],
    [
      'damping = { half_life = "1m", suppress = 1000, reuse = 500, longest = "2m" }',
      { damping: { halfLifeMs: 60_000, suppress: 1_000, reuse: 500, ceiling: 2_000 } },
    ],
    ['probe = "off"\nconflict = "yield"', { probeMs: null, conflict: 'yield' }],
    ['probe = "1s"', { probeMs: 1000 }],
    ['announce.rate = 10', { announce: { framesPerSecond: 10, notify: [], neighbours: false } }],
    ['announce.rate = 100', { announce: { framesPerSecond: 100, notify: [], neighbours: true } }],
    ['announce.neighbours = false', { announce: { framesPerSecond: 12_000, notify: [], neighbours: false } }],
    [
      'announce.notify = ["10.0.0.1", "10.0.0.0/30", "10.0.1.0/31", "fd00::/126"]',
      {
        announce: {
          notify: ['10.0.0.1', '10.0.0.2', '10.0.1.0', '10.0.1.1', 'fd00::1', 'fd00::2', 'fd00::3'],
        },
      },
    ],
  ])('%s', (line, expected) => {
    expect(parsed(edited({ 3: line }))).toMatchObject(expected);
  });

  it('finds an IPv6 group where the paths are IPv6', () => {
    const config = parsed(edited({ 6: 'paths = ["2001:DB8:0::1"]', 9: 'paths = ["2001:db8::2"]' }));
    expect(config.discovery).toEqual({ kind: 'multicast', address: 'ff12::4807' });
    expect(config.hosts[0]?.paths).toEqual(['2001:db8::1']);
  });

  it('takes weights, preferences and interfaces of single addresses', () => {
    const config = parsed(
      edited(
        { 7: 'weight = 50', 12: 'prefer = ["e2", "e1"]', 13: 'addresses = [' },
        '  { address = "192.0.2.10/24", interface = "eth1" }, # one side',
        '  { address = "198.51.100.10/25", interface = "eth2" },',
        ']',
      ),
    );
    expect(config.hosts[0]?.weight).toBe(50);
    expect(config.sets[0]?.prefer).toEqual(['e2', 'e1']);
    expect(config.sets[0]?.addresses.map((address) => address.interface)).toEqual(['eth1', 'eth2']);
  });

  it('takes who may own a set or a pool, and what is kept apart', () => {
    const pool = ['[pool.p]', 'interface = "eth1"', 'range = "10.9.0.1"', 'prefix = 24', 'only = ["e2"]'];
    const config = parsed(edited({ 11: '[set.www]', 4: '' }, 'only = ["e2", "e1"]', 'apart = "dns"', ...pool));
    expect(config.sets.map(({ name, only, apart }) => [name, only, apart])).toEqual([
      ['www', ['e2', 'e1'], 'dns'],
      ['p-01', ['e2'], null],
    ]);
  });

  it('takes the order of a handover, for a set or a pool', () => {
    const handover = 'handover = "break-before-make"';
    const pool = ['[pool.p]', 'interface = "eth1"', 'range = "10.9.0.1"', 'prefix = 24', handover];
    const config = parsed(edited({}, handover, ...pool));
    expect(config.sets.map((set) => set.handover)).toEqual(['break-before-make', 'break-before-make']);
  });

  it('takes failback for all sets, and for one set or pool', () => {
    const pool = ['[pool.p]', 'interface = "eth1"', 'range = "10.9.0.1"', 'prefix = 24', 'failback = "never"'];
    const config = parsed(
      edited(
        { 3: 'failback = "after 5m"' },
        '[set.x]',
        'interface = "eth0"',
        'addresses = ["10.0.0.1/8"]',
        'failback = "immediately"',
        ...pool,
      ),
    );
    expect(config.sets.map(({ name, failbackMs }) => [name, failbackMs])).toEqual([
      ['www', 300_000],
      ['x', 0],
      ['p-01', null],
    ]);
  });

  it('makes a set of every address of a pool', () => {
    const ranges = 'ranges = ["198.51.100.9-198.51.100.11", "2001:db8:0:1::a"]';
    const config = parsed(edited({}, '[pool.edge]', 'interface = "eth1"', ranges, 'prefix = 27'));
    expect(
      config.sets
        .slice(1)
        .map(({ name, addresses: [a] }) => `${name} ${a?.address}/${a?.prefixLength} ${a?.interface}`),
    ).toEqual([
      'edge-01 198.51.100.9/27 eth1',
      'edge-02 198.51.100.10/27 eth1',
      'edge-03 198.51.100.11/27 eth1',
      'edge-04 2001:db8:0:1::a/27 eth1',
    ]);
  });

  it('keeps the names of a pool that grows past 99', () => {
    const pool = (last: string) => [
      '[pool.p]',
      'interface = "eth1"',
      `range = "10.9.0.1-10.9.0.${last}"`,
      'prefix = 16',
    ];
    const few = parsed(edited({}, ...pool('9'))).sets.map(({ name }) => name);
    const many = parsed(edited({}, ...pool('120'))).sets.map(({ name }) => name);
    expect(many.slice(0, few.length)).toEqual(few);
    expect(many.at(-1)).toBe('p-120');
  });

  it('lets a pool fill a file to its bound of 4096 sets, and not beyond', () => {
    const pool = (last: string) => ['[pool.p]', 'interface = "eth1"', `range = "10.9.0.1-${last}"`, 'prefix = 8'];
    expect(parsed(edited({}, ...pool('10.9.15.255'))).sets).toHaveLength(4096);
    expect(errorsOf(edited({}, ...pool('10.9.16.0')))).toEqual([
      '16:9: the range holds 4096 addresses, too many; a file has at most 4096 sets',
    ]);
  });

  it('takes a name that JavaScript gives a meaning of its own', () => {
    const config = parsed(edited({ 5: '[host.constructor]', 8: '[host.1]', 11: '[set.prototype]' }));
    expect(config.hosts.map(({ name }) => name)).toEqual(['constructor', '1']);
  });

  it.each(['conf/holdfast.toml', 'conf/two-hosts.toml'])('accepts %s', (file) => {
    expect(errorsOf(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))).toEqual([]);
  });
});
