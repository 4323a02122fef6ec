import { describe, expect, it } from 'vitest';
import type { Config } from '../../agent/config/config.ts';
import { diffConfigs } from '../../agent/config/diff.ts';
import { parseConfig } from '../../agent/config/parse.ts';
import type { HostName } from '../../agent/membership/view.ts';
import { edited } from './fixture.ts';

function parsed(text: string): Config {
  const result = parseConfig(text, 'f');
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return result.config;
}

function diff(before: string, after: string): ReturnType<typeof diffConfigs> {
  return diffConfigs(parsed(before), parsed(after), 'e1' as HostName);
}

const other = ['[set.api]', 'interface = "eth0"', 'addresses = ["192.0.2.11/24"]'];

describe('diffConfigs(): applicable', () => {
  it.each([
    ['nothing', edited({}), edited({}), []],
    ['a comment and a default that is written out', edited({}), edited({ 4: 'port = 4807 # as ever' }), []],
    ['a set that is new', edited({}), edited({}, ...other), ['set api is added']],
    ['a set that is gone', edited({}, ...other), edited({}), ['set api is removed']],
    [
      'addresses of a set',
      edited({}),
      edited({ 13: 'addresses = ["192.0.2.12/24", "2001:db8::10/64"]' }),
      ['set www is without 192.0.2.10/24 on eth0', 'set www has 192.0.2.12/24 on eth0 as well'],
    ],
    [
      'an interface',
      edited({ 13: 'addresses = ["192.0.2.10/24"]' }),
      edited({ 12: 'interface = "eth1"', 13: 'addresses = ["192.0.2.10/24"]' }),
      ['set www is without 192.0.2.10/24 on eth0', 'set www has 192.0.2.10/24 on eth1 as well'],
    ],
    [
      'who should have a set and how it moves',
      edited({}),
      edited(
        {},
        'prefer = ["e2"]',
        'only = ["e1", "e2"]',
        'apart = "x"',
        'failback = "after 1m"',
        'handover = "break-before-make"',
      ),
      ['prefer', 'only', 'apart', 'failback', 'handover'].map((key) => `set www: "${key}" is another one`),
    ],
    ['failback of all', edited({}), edited({ 4: 'failback = "after 1m"' }), ['set www: "failback" is another one']],
    ['a host that is new', edited({}), edited({}, '[host.e3]', 'paths = ["10.1.0.3"]'), ['host e3 is added']],
    ['a host that is gone', edited({}), edited({ 8: '', 9: '' }), ['host e2 is removed']],
    [
      'paths and weight of another host',
      edited({}),
      edited({ 9: 'paths = ["10.1.0.9"]\nweight = 7' }),
      ['host e2: "paths" is another one', 'host e2: "weight" is another one'],
    ],
    ['the weight of this host', edited({}), edited({ 7: 'weight = 7' }), ['host e1: "weight" is another one']],
    [
      'peers',
      edited({ 4: 'discovery = "hosts"' }),
      edited({ 4: 'discovery = "hosts"\npeers = ["edge.example.net"]' }),
      ['peers is another one'],
    ],
    [
      'settings',
      edited({}),
      edited(
        { 2: 'key_file = "/k"', 4: 'mature = "9s"\nprobe = "off"\nconflict = "yield"' },
        ...['[announce]', 'rate = 10', '[balance]', 'mode = "off"'],
      ),
      ['key_file', 'mature', 'probe', 'conflict', '[announce]', '[balance]'].map((key) => `${key} is another one`),
    ],
  ])('%s', (_what, before, after, changes) => {
    expect(diff(before, after)).toEqual({ kind: 'applicable', changes });
  });
});

describe('diffConfigs(): refused', () => {
  const restart = 'it changes with a restart of the agent, not with a reload';

  it.each([
    ['group', { 1: 'group = "web"' }],
    ['heartbeat', { 3: 'heartbeat = "50ms"\ndetect = "250ms"' }],
    ['detect', { 4: 'detect = "400ms"' }],
    ['takeover', { 4: 'takeover = "immediate"' }],
    ['hang', { 4: 'hang = "2s"' }],
    ['port', { 4: 'port = 4808' }],
    ['discovery', { 4: 'discovery = "hosts"' }],
    ['lifetime', { 4: 'lifetime = "9s"' }],
    ['partition', { 4: 'partition = "majority"' }],
    ['witness_addresses', { 4: 'witness_addresses = ["192.0.2.1"]' }],
  ])('"%s", by its name', (key, replaced) => {
    const result = diff(edited({}), edited(replaced));
    expect(result).toMatchObject({ kind: 'refused' });
    expect(result.kind === 'refused' && result.why).toContain(`"${key}" is another one: ${restart}`);
  });

  it.each([
    ['this host is gone', edited({ 5: '[host.e9]' }), /^\[host\.e1\] is gone, and this agent is of e1: stop it first$/],
    [
      'paths of this host',
      edited({ 6: 'paths = ["10.1.0.1"]' }),
      /^"paths" of \[host\.e1\], this host, is another one/,
    ],
    [
      'this host is a witness',
      edited({ 7: 'witness = true' }),
      /^"witness" of \[host\.e1\], this host, is another one/,
    ],
    [
      'an address goes to another set, even if its own is gone',
      edited({ 11: '[set.web]' }),
      /^192\.0\.2\.10 goes from set www to set web: remove it on every host first, and add it with a second reload$/,
    ],
  ])('%s', (_what, after, why) => {
    const result = diff(edited({}), after);
    expect(result.kind === 'refused' && result.why[0]).toMatch(why);
  });

  it('everything that hinders is told at once', () => {
    const result = diff(edited({}), edited({ 1: 'group = "web"', 4: 'port = 1', 6: 'paths = ["10.1.0.1"]' }));
    expect(result.kind === 'refused' && result.why).toHaveLength(3);
  });
});
