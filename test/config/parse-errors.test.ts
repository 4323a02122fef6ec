import { describe, expect, it } from 'vitest';
import { edited, errorsOf } from './fixture.ts';

describe('parseConfig() tells', () => {
  const topKeys =
    'group, key_file, heartbeat, detect, takeover, hang, port, discovery, multicast_address, peers, mature, lifetime, partition, witness_addresses, failback, probe, conflict, announce, balance, damping, host, set, pool';
  const anAddress = (text: string) => edited({ 13: `addresses = ["${text}"]` });
  const aPath = (text: string) => edited({ 9: `paths = ["${text}"]` });
  const withPeers = (items: string) => edited({ 3: 'discovery = "hosts"', 4: `peers = [${items}]` });
  const aRange = (line: string) => edited({}, '[pool.p]', 'interface = "eth1"', line, 'prefix = 24');

  it.each<[string, string, string[]]>([
    // Keys and types
    [
      'an unknown key',
      edited({ 3: 'hearbeat = "1s"' }),
      ['3:1: unknown key "hearbeat"; the nearest known key is "heartbeat"'],
    ],
    ['one that is like none', edited({ 3: 'region = "north"' }), [`3:1: unknown key "region"; known here: ${topKeys}`]],
    [
      'an unknown key of a host',
      edited({ 7: 'wieght = 5' }),
      ['7:1: unknown key "wieght" in [host.e1]; the nearest known key is "weight"'],
    ],
    ['an unknown table', edited({}, '[sets.x]'), ['14:2: unknown key "sets"; the nearest known key is "set"']],
    [
      'an unknown key of an address',
      edited({ 13: 'addresses = [{ address = "192.0.2.1/24", iface = "eth1" }]' }),
      ['13:42: unknown key "iface" in an address; known here: address, interface'],
    ],
    ['a missing key', edited({ 1: '' }), ['1:1: "group" is missing; write group = "edge"']],
    [
      'a missing key of a host',
      edited({ 9: '' }),
      ['8:7: "paths" is missing in [host.e2]; write paths = ["10.1.0.1"]'],
    ],
    [
      'a number for text',
      edited({ 3: 'heartbeat = 100' }),
      ['3:13: "heartbeat" is a number; write heartbeat = "100ms"'],
    ],
    ['text for a number', edited({ 3: 'port = "4807"' }), ['3:8: "port" is text; write port = 4807']],
    ['a fraction', edited({ 3: 'port = 4807.5' }), ['3:8: "port" is no whole number; write port = 4807']],
    ['a date', edited({ 3: 'mature = 2026-01-01' }), ['3:10: "mature" is a date; write mature = "5s"']],
    ['text for a list', edited({ 9: 'paths = "10.1.0.2"' }), ['9:9: "paths" is text; write paths = ["10.1.0.1"]']],
    [
      'an item of a wrong type, and goes on',
      edited({ 9: 'paths = ["10.1.0.1", 5]' }),
      [
        '9:10: 10.1.0.1 is in host e1 already, at 6:10; keep one of the two',
        '9:22: "paths" holds a number; write paths = ["10.1.0.1"]',
      ],
    ],
    ['a list of tables', edited({ 11: '[[set]]' }), ['11:3: "set" is a list; write [set.NAME]']],
    ['a key where a table belongs', edited({}, '[set]', 'x = 1'), ['15:1: "x" is no table; write [set.NAME] above it']],
    // TOML itself
    ['text without quotes', edited({ 1: 'group = edge # mine' }), ['1:9: edge is no TOML value; write "edge"']],
    ['a duration without quotes', edited({ 3: 'heartbeat = 100ms' }), ['3:13: 100ms is no TOML value; write "100ms"']],
    ['a missing value', edited({ 3: 'port =' }), ['3:7: the line is not finished; write key = value on one line']],
    [
      'a text that is not ended',
      edited({ 1: 'group = "edge' }),
      ['1:14: the text is not ended; put the closing quote on the same line'],
    ],
    [
      'a duplicate key with the rest',
      edited({ 3: 'group = "b"', 12: 'interface = "lo"' }),
      [
        '3:1: "group" is defined a second time, first at 1:1; keep one of the two',
        '12:13: interface lo cannot announce an address; write the one that the clients are on',
      ],
    ],
    [
      'a duplicate table',
      edited({ 8: '[host."e1"]' }),
      ['8:7: "e1" is defined a second time, first at 5:7; keep one of the two'],
    ],
    [
      'a duplicate table above a syntax error',
      edited({ 8: '[host.e1]', 12: 'x' }),
      [
        '8:7: "e1" is defined a second time; keep one of the two',
        '12:2: the line is not finished; write key = value on one line',
      ],
    ],
    [
      'deep nesting',
      `x = ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      ['1:1: brackets are nested too deeply to be read; nothing here needs more than 3'],
    ],
    [
      'a file of 1 MiB and more',
      '#'.repeat(1024 * 1024 + 1),
      ['1:1: the file has 1048577 bytes, too many; write at most 1048576'],
    ],
    // Names
    [
      'a group that is no name',
      edited({ 1: 'group = "Edge Group"' }),
      ['1:9: group name "Edge Group" does not fit; write a-z, 0-9 and inner hyphens, such as edge-group'],
    ],
    [
      'a host that is no name',
      edited({ 8: '[host.E_2]' }),
      ['8:7: host name "E_2" does not fit; write a-z, 0-9 and inner hyphens, such as e-2'],
    ],
    [
      'a set that is no name',
      edited({ 11: '[set.-]' }),
      ['11:6: set name "-" does not fit; write a-z, 0-9 and inner hyphens'],
    ],
    [
      'a long name',
      edited({ 11: `[set.${'a'.repeat(64)}]` }),
      [`11:6: set name "${'a'.repeat(64)}" has 64 characters; write at most 63`],
    ],
    [
      'a pool name without room',
      edited({}, `[pool.${'a'.repeat(59)}]`, 'interface = "eth1"', 'range = "10.9.0.1"', 'prefix = 8'),
      [`14:7: pool name "${'a'.repeat(59)}" has 59 characters; write at most 58`],
    ],
    [
      'a name that moves the cursor',
      edited({ 11: '[set."\\u001b[2J"]' }),
      ['11:6: set name "\\u001b[2J" does not fit; write a-z, 0-9 and inner hyphens, such as 2j'],
    ],
    [
      'an interface that is no name',
      edited({ 12: 'interface = "eth0:1"' }),
      ['12:13: "eth0:1" is no interface name; write one that "ip link" lists, at most 15 bytes'],
    ],
    // Values
    [
      'a key file without a root',
      edited({ 2: 'key_file = "edge.key"' }),
      ['2:12: key_file "edge.key" is no absolute path; write it from / on'],
    ],
    ['a port beyond the last', edited({ 3: 'port = 65536' }), ['3:8: port 65536 is out of range; write 1 to 65535']],
    [
      'peers where nobody looks for them',
      edited({ 4: 'peers = ["edge.example.net"]' }),
      ['4:9: peers has no effect without discovery = "hosts"; write that, or remove peers'],
    ],
    [
      'text for the list of peers',
      withPeers('"e"').replace('["e"]', '"e"'),
      ['4:9: "peers" is text; write peers = ["edge.example.net", "192.0.2.7"]'],
    ],
    [
      'peers that are neither name nor address',
      withPeers('"edge_net", "192.0.2.300", "a..b", "-a", "", 7'),
      [
        ...['4:10: "edge_net"', '4:22: "192.0.2.300"', '4:37: "a..b"', '4:45: "-a"', '4:51: ""'].map(
          (item) => `${item} is neither an IP address nor a DNS name; write one such as 192.0.2.7 or edge.example.net`,
        ),
        '4:55: "peers" holds a number; write peers = ["edge.example.net", "192.0.2.7"]',
      ],
    ],
    [
      'peers that no host can be',
      withPeers('"192.0.2.7/24", "127.0.0.1", "fe80::1"'),
      [
        '4:10: 192.0.2.7/24 has a prefix length; write 192.0.2.7',
        '4:26: 127.0.0.1 is a loopback address; write a unicast address that the host has',
        '4:39: fe80::1 is link-local and means another host on every link; write a global or unique local address',
      ],
    ],
    [
      'a peer twice',
      withPeers('"edge.example.net", "EDGE.example.net"'),
      ['4:30: edge.example.net is listed already, at 4:10; keep one of the two'],
    ],
    [
      'too many peers',
      withPeers(Array.from({ length: 65 }, (_, at) => `"n${at}"`).join()),
      ['4:9: 65 peers are too many; write at most 64'],
    ],
    ['a weight of nothing', edited({ 7: 'weight = 0' }), ['7:10: weight 0 is out of range; write 1 to 1000']],
    [
      'a partition that there is not',
      edited({ 3: 'partition = "half"' }),
      ['3:13: partition "half" is unknown; write "serve" or "majority"'],
    ],
    [
      'witness addresses that are none',
      edited({ 3: 'witness_addresses = ["router", "127.0.0.1", "fe80::1", "192.0.2.1", "192.0.2.1"]' }),
      [
        '3:22: "router" is no IP address; write one of a neighbour, such as 192.0.2.1',
        '3:32: 127.0.0.1 is a loopback address; write a unicast address',
        '3:45: fe80::1 is link-local and means another host on every link; write a global or unique local address',
        '3:69: 192.0.2.1 is there twice; keep one of the two',
      ],
    ],
    [
      'witness addresses of the group itself',
      edited({ 3: 'witness_addresses = ["192.0.2.10", "10.1.0.2"]' }),
      [
        '3:22: 192.0.2.10 is an address of set www, at 13:14; a witness is outside of the group, such as a router',
        '3:36: 10.1.0.2 is a path of host e2, at 9:10; a witness is outside of the group, such as a router',
      ],
    ],
    [
      'no witness address at all',
      edited({ 3: 'witness_addresses = []' }),
      ['3:21: 0 witness addresses; write 1 to 8, or leave the key out'],
    ],
    [
      'only witnesses',
      edited({ 7: 'witness = true', 10: 'witness = true' }),
      ['5:2: every host is a witness, so that nobody could own a set; write witness = true on one'],
    ],
    [
      'a witness that is to own a set',
      edited({ 10: 'witness = true', 12: 'interface = "eth0"\nprefer = ["e2"]' }),
      ['13:11: "e2" is a witness and owns nothing; leave it out'],
    ],
    ['no duration', edited({ 3: 'heartbeat = "fast"' }), ['3:13: heartbeat "fast" is no duration; write 5ms to 10s']],
    ['a duration without a unit', edited({ 3: 'mature = "5"' }), ['3:10: mature "5" is no duration; write 0s to 10m']],
    [
      'too fast a heartbeat',
      edited({ 3: 'heartbeat = "4ms"' }),
      ['3:13: heartbeat "4ms" is out of range; write 5ms to 10s'],
    ],
    ['little patience', edited({ 3: 'detect = "9ms"' }), ['3:10: detect "9ms" is out of range; write 10ms to 1m']],
    [
      'no way of taking over',
      edited({ 3: 'takeover = "never"' }),
      ['3:12: takeover "never" is unknown; write "answered" or "immediate"'],
    ],
    ['too short a hang', edited({ 3: 'hang = "100ms"' }), ['3:8: hang "100ms" is out of range; write 200ms to 1m']],
    [
      'less than two heartbeats',
      edited({ 4: 'detect = "199ms"' }),
      ['4:10: detect 199ms is less than 2 heartbeats of 100ms; write 200ms or more, or a shorter heartbeat'],
    ],
    [
      'a short lifetime',
      edited({ 3: 'lifetime = "5s"' }),
      ['3:12: lifetime "5s" does not fit; write whole seconds, 6s to 24h, or "never"'],
    ],
    [
      'a broken lifetime',
      edited({ 3: 'lifetime = "6500ms"' }),
      ['3:12: lifetime "6500ms" does not fit; write whole seconds, 6s to 24h, or "never"'],
    ],
    [
      'an unknown discovery',
      edited({ 3: 'discovery = "dns"' }),
      ['3:13: discovery "dns" is unknown; write "multicast" or "hosts"'],
    ],
    [
      'an unknown mode',
      edited({ 3: 'balance.mode = "always"' }),
      ['3:16: mode "always" is unknown; write "off", "on-demand" or "auto"'],
    ],
    [
      'rounds that are no rounds',
      edited({}, '[balance]', 'mode = "auto"', 'moves = 0', 'every = "10ms"'),
      ['16:9: moves 0 is out of range; write 1 to 4096', '17:9: every "10ms" is out of range; write 1s to 24h'],
    ],
    [
      'rounds without automatic balance',
      edited({}, '[balance]', 'moves = 3', 'every = "1m"'),
      [
        '15:9: moves has no effect with mode = "on-demand"; remove it, or write mode = "auto"',
        '16:9: every has no effect with mode = "on-demand"; remove it, or write mode = "auto"',
      ],
    ],
    [
      'an interval of rounds that is none',
      edited({}, '[balance]', 'mode = "auto"', 'every = "often"'),
      ['16:9: every "often" is no duration; write 1s to 24h'],
    ],
    [
      'damping that is none',
      edited({}, '[damping]', 'mode = "maybe"', 'half_life = "soon"', 'longest = "2d"'),
      [
        '15:8: mode "maybe" is unknown; write "on" or "off"',
        '16:13: half_life "soon" is no duration; write 1s to 24h',
        '17:11: longest "2d" is no duration; write 1s to 24h',
      ],
    ],
    [
      'damping that is off, with numbers',
      edited({}, '[damping]', 'mode = "off"', 'suppress = 3000'),
      ['16:12: suppress has no effect with mode = "off"; remove it'],
    ],
    [
      'damping from the first moment on',
      edited({}, '[damping]', 'suppress = 10'),
      ['15:12: suppress 10 is out of range; write 1000 to 100000'],
    ],
    [
      'damping that never ends',
      edited({}, '[damping]', 'reuse = 2000'),
      ['15:9: reuse 2000 does not fit; write 1 to 1999, less than suppress'],
    ],
    [
      'damping that never begins',
      edited({}, '[damping]', 'longest = "20m"'),
      ['15:11: longest 20m is less than the decay from suppress to reuse takes; write 1274s or more'],
    ],
    // Conflicts
    [
      'a probe that would hold up every start',
      edited({ 3: 'probe = "10s"' }),
      ['3:9: probe "10s" does not fit; write 20ms to 2s, or "off"'],
    ],
    [
      'an unknown policy',
      edited({ 3: 'conflict = "fight"' }),
      ['3:12: conflict "fight" is unknown; write "keep" or "yield"'],
    ],
    // Announcements
    [
      'a rate out of range',
      edited({ 3: 'announce.rate = 0' }),
      ['3:17: rate 0 is out of range; write 1 to 100000 frames a second'],
    ],
    [
      'whom to notify, wrongly',
      edited({ 3: 'announce.notify = ["router", "10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/21"]' }),
      [
        '3:20: "router" is no address and no network; write one like 192.0.2.1 or 192.0.2.0/28',
        '3:30: 10.0.0.1/24 is a host in a network; write 10.0.0.1, or 10.0.0.0/24 for all of it',
        '3:45: prefix length 33 is out of range; IPv4 has 1 to 32',
        '3:60: these are more than 1024 hosts; write fewer or smaller networks',
      ],
    ],
    // Multicast
    [
      'a unicast group',
      edited({ 3: 'multicast_address = "10.0.0.1"' }),
      ['3:21: "10.0.0.1" is no multicast address; write one such as 239.255.72.68 or ff12::4807'],
    ],
    [
      'a reserved group',
      edited({ 3: 'multicast_address = "224.0.0.18"' }),
      ['3:21: 224.0.0.18 is reserved for routing protocols; write one of 239.255.0.0/16'],
    ],
    [
      'a group inside the host',
      edited({ 3: 'multicast_address = "ff01::1"' }),
      ['3:21: ff01::1 does not leave the host; write a link-local one such as ff12::4807'],
    ],
    [
      'multicast without use',
      edited({ 3: 'discovery = "hosts"', 4: 'multicast_address = "239.255.0.1"' }),
      ['4:21: multicast_address has no effect with discovery = "hosts"; remove one of the two'],
    ],
    [
      'paths of two versions',
      edited({ 9: 'paths = ["2001:db8::2"]' }),
      [
        '1:1: the path 2001:db8::2 of host e2 cannot be reached by multicast to 239.255.72.68; write paths of one IP version, or discovery = "hosts"',
      ],
    ],
    // Hosts and paths
    ['no host', edited({ 5: '[host]', 6: '', 8: '', 9: '' }), ['5:2: there is no host; write [host.NAME] for each']],
    [
      'no set',
      'group = "g"\nkey_file = "/k"\n[host.a]\npaths = ["10.0.0.1"]\n',
      ['1:1: there is no set; write [set.NAME] or [pool.NAME] with addresses to manage'],
    ],
    ['no path', edited({ 9: 'paths = []' }), ['9:9: there is no path; write an address of the host']],
    [
      'nine paths',
      edited({ 3: '', 9: `paths = [${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `"10.8.0.${n}"`).join(', ')}]` }),
      ['9:9: 9 paths are too many; write at most 8'],
    ],
    [
      'a path that is no address',
      aPath('e2.example'),
      ['9:10: "e2.example" is no IP address; write one that this host has, such as 10.1.0.1'],
    ],
    ['a path with a prefix', aPath('10.1.0.2/24'), ['9:10: 10.1.0.2/24 has a prefix length; write 10.1.0.2']],
    [
      'a loopback path',
      aPath('127.0.0.1'),
      ['9:10: 127.0.0.1 is a loopback address; write a unicast address that the host has'],
    ],
    [
      'a link-local path',
      aPath('fe80::1'),
      ['9:10: fe80::1 is link-local and means another host on every link; write a global or unique local address'],
    ],
    ['a path of two hosts', aPath('10.2.0.1'), ['9:10: 10.2.0.1 is in host e1 already, at 6:22; keep one of the two']],
    // Addresses
    ['no address', edited({ 13: 'addresses = []' }), ['13:13: there is no address; write at least one']],
    [
      'what is no address',
      anAddress('192.0.2.300/24'),
      ['13:14: "192.0.2.300/24" is no IP address; write it like 192.0.2.10/24 or 2001:db8::10/64'],
    ],
    [
      'an address with leading zeros',
      anAddress('192.0.2.010/24'),
      ['13:14: "192.0.2.010/24" is no IP address; write it like 192.0.2.10/24 or 2001:db8::10/64'],
    ],
    [
      'an address with a zone',
      anAddress('fe80::1%eth0/64'),
      ['13:14: "fe80::1%eth0/64" is no IP address; write it like 192.0.2.10/24 or 2001:db8::10/64'],
    ],
    [
      'no prefix length',
      anAddress('2001:db8::1'),
      ['13:14: 2001:db8::1 has no prefix length; write the one of its subnet, such as 2001:db8::1/64'],
    ],
    ['a prefix length of 0', anAddress('192.0.2.1/0'), ['13:14: prefix length 0 is out of range; IPv4 has 1 to 32']],
    [
      'a prefix length of 129',
      anAddress('2001:db8::1/129'),
      ['13:14: prefix length 129 is out of range; IPv6 has 1 to 128'],
    ],
    [
      'the network address',
      anAddress('192.0.2.64/26'),
      ['13:14: 192.0.2.64/26 is the network address of its subnet; write one of 192.0.2.65 to 192.0.2.126'],
    ],
    [
      'the broadcast address',
      anAddress('192.0.2.127/26'),
      ['13:14: 192.0.2.127/26 is the broadcast address of its subnet; write one of 192.0.2.65 to 192.0.2.126'],
    ],
    [
      'the subnet-router anycast address',
      anAddress('2001:db8::/64'),
      ["13:14: 2001:db8::/64 is the subnet-router anycast address; write a host's address, such as 2001:db8::1"],
    ],
    [
      'a multicast address',
      anAddress('ff02::1/64'),
      ['13:14: ff02::1 is a multicast address; write a unicast address'],
    ],
    [
      'a loopback address',
      anAddress('127.0.0.1/8'),
      ['13:14: 127.0.0.1 is a loopback address; write a unicast address'],
    ],
    ['the unspecified address', anAddress('::/64'), ['13:14: :: is the unspecified address; write a unicast address']],
    [
      'the limited broadcast',
      anAddress('255.255.255.255/32'),
      ['13:14: 255.255.255.255 is the broadcast address; write a unicast address'],
    ],
    [
      'an IPv4-mapped address',
      anAddress('::ffff:192.0.2.1/128'),
      ['13:14: ::ffff:192.0.2.1 is an IPv4-mapped address; write a unicast address'],
    ],
    [
      'an address in two sets',
      edited({}, '[set.b]', 'interface = "eth1"', 'addresses = ["2001:DB8:0::10/48"]'),
      ['16:14: 2001:db8::10 is in set www already, at 13:31; keep one of the two'],
    ],
    [
      'an address twice in a set',
      edited({ 13: 'addresses = ["192.0.2.10/24", "192.0.2.10/25"]' }),
      ['13:31: 192.0.2.10 is in set www already, at 13:14; keep one of the two'],
    ],
    [
      'an address that is a path',
      anAddress('10.2.0.1/24'),
      ['13:14: 10.2.0.1 is a path of host e1, at 6:22; a virtual address must be one that no host has for itself'],
    ],
    [
      'an address without interface whose subnet does not say on which it is',
      edited({ 12: '', 13: 'addresses = ["192.0.2.10/32", "fe80::10/64"]' }),
      [
        '13:14: 192.0.2.10/32 is in a subnet of its own, which no interface is in; write interface = "eth0" in [set.www] or beside the address',
        '13:31: fe80::10/64 is link-local, and in a subnet of every interface; write interface = "eth0" in [set.www] or beside the address',
      ],
    ],
    [
      'a pool without interface, likewise',
      edited({}, '[pool.p]', 'range = "10.9.0.1"', 'prefix = 32'),
      ['15:9: 10.9.0.1/32 is in a subnet of its own, which no interface is in; write interface = "eth0" in [pool.p]'],
    ],
    [
      'text where it is true or false',
      edited({ 12: 'interface = "eth0"\npreferred_source = "yes"' }),
      ['13:20: "preferred_source" is text; write preferred_source = true'],
    ],
    [
      'a subnet with an address in it for an interface',
      edited({ 12: 'interface = "10.1.0.7/24"' }),
      ['12:13: 10.1.0.7/24 is an address in a subnet; write 10.1.0.0/24'],
    ],
    [
      'no subnet for an interface',
      edited({ 12: 'interface = "10.1/16"' }),
      ['12:13: "10.1/16" is no subnet; write it like 10.1.0.0/24, or the name of an interface'],
    ],
    [
      'a prefix length that there is not, for an interface',
      edited({ 12: '', 13: 'addresses = [{ address = "192.0.2.10/24", interface = "10.1.0.0/33" }]' }),
      ['13:55: prefix length 33 is out of range; IPv4 has 1 to 32'],
    ],
    ['an unknown host', edited({}, 'prefer = ["e3"]'), ['14:11: there is no host "e3"; the nearest is "e1"']],
    [
      'one that is like none of them',
      edited({}, 'prefer = ["backup"]'),
      ['14:11: there is no host "backup"; the hosts are: e1, e2'],
    ],
    ['a set for an unknown host', edited({}, 'only = ["e3"]'), ['14:9: there is no host "e3"; the nearest is "e1"']],
    ['a set for a host twice', edited({}, 'only = ["e2", "e2"]'), ['14:15: "e2" is listed already; keep the first']],
    [
      'a set for nobody',
      edited({}, 'only = []'),
      ['14:8: only names no host, so that nobody could own it; write at least one, or leave the key out'],
    ],
    [
      'a word for apart that is none',
      edited({}, 'apart = "Name Servers"'),
      ['14:9: apart name "Name Servers" does not fit; write a-z, 0-9 and inner hyphens, such as name-servers'],
    ],
    [
      'a failback that is unknown',
      edited({ 3: 'failback = "5m"' }),
      ['3:12: failback "5m" is unknown; write "never", "immediately" or "after 5m", at most 24h'],
    ],
    [
      'a handover that is unknown',
      edited({}, 'handover = "break"'),
      ['14:12: handover "break" is unknown; write "make-before-break" or "break-before-make"'],
    ],
    [
      'a failback of a set that takes too long',
      edited({}, 'failback = "after 25h"'),
      ['14:12: failback "after 25h" is too long; write "never", "immediately" or "after 5m", at most 24h'],
    ],
    [
      'a preference twice',
      edited({}, 'prefer = ["e2", "e1", "e2"]'),
      ['14:23: "e2" is preferred already; keep the first'],
    ],
    // Pools
    ['a pool without range', aRange(''), ['14:7: the pool has no "range"; write range = "192.0.2.10-192.0.2.29"']],
    [
      'a pool with both',
      aRange('range = "10.9.0.1"\nranges = []'),
      [
        '17:10: "range" and "ranges" are both written; write one of them',
        '17:10: there is no range; write at least one',
      ],
    ],
    [
      'what is no range',
      aRange('range = "10.9.0.1-20"'),
      ['16:9: "10.9.0.1-20" is no range of addresses; write it like 192.0.2.10-192.0.2.29'],
    ],
    [
      'a range backwards',
      aRange('range = "10.9.0.20-10.9.0.1"'),
      ['16:9: the range is written backwards; write 10.9.0.1-10.9.0.20'],
    ],
    [
      'a range of both versions',
      aRange('range = "10.9.0.1-2001:db8::1"'),
      ['16:9: the range goes from one IP version to the other; write two ranges'],
    ],
    [
      'a range of a whole IPv6 subnet',
      edited(
        {},
        '[pool.p]',
        'interface = "eth1"',
        'range = "2001:db8::1-2001:db8::ffff:ffff:ffff:ffff"',
        'prefix = 64',
      ),
      ['16:9: the range holds 18446744073709551615 addresses, too many; a file has at most 4096 sets'],
    ],
    [
      'a range over a broadcast address',
      aRange('range = "10.9.0.250-10.9.1.5"'),
      ['16:9: 10.9.0.255/24 is the broadcast address of its subnet; write one of 10.9.0.1 to 10.9.0.254'],
    ],
    [
      'a range over a set',
      aRange('range = "192.0.2.1-192.0.2.20"'),
      ['16:9: 192.0.2.10 is in set www already, at 13:14; keep one of the two'],
    ],
    [
      'ranges that overlap',
      aRange('ranges = ["10.9.0.1-10.9.0.5", "10.9.0.5-10.9.0.9"]'),
      ['16:32: 10.9.0.5 is in pool p already, at 16:11; keep one of the two'],
    ],
    [
      'a prefix of another version',
      edited({}, '[pool.p]', 'interface = "eth1"', 'range = "10.9.0.1"', 'prefix = 64'),
      ['17:10: prefix length 64 is out of range; IPv4 has 1 to 32'],
    ],
    [
      'a set that a pool makes',
      edited({ 11: '[set.p-01]' }, '[pool.p]', 'interface = "eth1"', 'range = "10.9.0.1"', 'prefix = 8'),
      ['14:7: pool p makes a set p-01, which is given at 11:6; rename one of the two'],
    ],
  ])('%s', (_, text, expected) => {
    expect(errorsOf(text)).toEqual(expected);
  });

  it('everything at once, in the order of the file', () => {
    const text = edited(
      { 1: 'grop = "edge"', 6: 'paths = ["10.1.0.300"]', 13: 'addresses = ["192.0.2.0/24"]' },
      'prefer = ["x"]',
    );
    expect(errorsOf(text).map((error) => error.slice(0, error.indexOf(' ')))).toEqual([
      '1:1:',
      '1:1:',
      '6:10:',
      '13:14:',
      '14:11:',
    ]);
  });

  it('more hosts than a group can have, at the first that is too many', () => {
    const hosts = Array.from({ length: 63 }, (_, index) => `[host.h${index}]\npaths = ["10.7.0.${index + 1}"]`);
    expect(errorsOf(edited({}, ...hosts))).toEqual(['138:7: 65 hosts are too many; a group has at most 64']);
  });

  it('more sets than a file can have', () => {
    const sets = Array.from(
      { length: 4096 },
      (_, n) => `[set.s${n}]\ninterface = "e"\naddresses = ["10.7.${n >> 8}.${n & 255}/8"]`,
    );
    sets[0] = '[set.s0]\ninterface = "e"\naddresses = ["10.8.0.1/8"]';
    expect(errorsOf(edited({}, ...sets))).toEqual(['11:2: 4097 sets are too many; a file has at most 4096']);
  });
});
