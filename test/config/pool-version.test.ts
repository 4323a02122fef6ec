import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../agent/config/parse.ts';
import { edited } from './fixture.ts';

function versionOf(text: string): string {
  const parsed = parseConfig(text, 'f');
  return parsed.ok ? parsed.config.poolVersion : JSON.stringify(parsed.errors);
}

const version = versionOf(edited({}));

describe('poolVersion()', () => {
  it('is the same for what means the same', () => {
    const otherOrder = [
      '# another order, and defaults written out',
      'mature = "5s"',
      'detect = "225ms"',
      'set.www.addresses = ["2001:DB8:0:0::10/64", "192.0.2.10/24"]',
      'set.www.interface = "eth0"',
      'key_file = "/elsewhere"',
      'group = "edge"',
      'port = 5000',
      'lifetime = "6s"',
      'discovery = "hosts"',
      '[host.e2]',
      'paths = ["10.1.0.2"]',
      'weight = 100',
      '[host.e1]',
      'paths = ["10.1.0.1", "10.2.0.1"]',
    ];
    expect(version).toMatch(/^[0-9a-f]{16}$/);
    expect(versionOf(otherOrder.join('\n'))).toBe(version);
  });

  it.each([
    ['group', { 1: 'group = "other"' }],
    ['heartbeat', { 3: 'heartbeat = "101ms"' }],
    ['detect', { 3: 'detect = "301ms"' }],
    ['mature', { 3: 'mature = "6s"' }],
    ['lifetime', { 3: 'lifetime = "never"' }],
    ['balance', { 3: 'balance.mode = "off"' }],
    ['damping', { 3: 'damping.mode = "off"' }],
    ['host name', { 8: '[host.e3]' }],
    ['order of paths', { 6: 'paths = ["10.2.0.1", "10.1.0.1"]' }],
    ['partition', { 3: 'partition = "majority"' }],
    ['witness addresses', { 3: 'witness_addresses = ["192.0.2.1"]' }],
    ['witness', { 7: 'witness = true' }],
    ['weight', { 7: 'weight = 99' }],
    ['set name', { 11: '[set.web]' }],
    ['interface', { 12: 'interface = "eth1"' }],
    ['address', { 13: 'addresses = ["192.0.2.11/24", "2001:db8::10/64"]' }],
    ['prefix length', { 13: 'addresses = ["192.0.2.10/25", "2001:db8::10/64"]' }],
    ['hosts that may own it', { 10: '[set.www]', 11: 'only = ["e1"]' }],
    ['word of what is kept apart', { 10: '[set.www]', 11: 'apart = "dns"' }],
    ['handover', { 10: '[set.www]', 11: 'handover = "break-before-make"' }],
    ['failback', { 3: 'failback = "after 5m"' }],
    ['preference', { 10: '[set.www]', 11: 'prefer = ["e1"]' }],
  ])('changes with the %s', (_, replaced) => {
    const other = versionOf(edited(replaced));
    expect(other).toMatch(/^[0-9a-f]{16}$/);
    expect(other).not.toBe(version);
  });
});
