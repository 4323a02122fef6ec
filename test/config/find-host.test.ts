import { describe, expect, it } from 'vitest';
import type { Config } from '../../agent/config/config.ts';
import { findHost } from '../../agent/config/find-host.ts';
import { parseConfig } from '../../agent/config/parse.ts';
import { ExitError, exitCodes } from '../../agent/exit-codes.ts';
import { edited } from './fixture.ts';

function configOf(text: string): Config {
  const parsed = parseConfig(text, '/etc/h.toml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.config;
}

const config = configOf(edited({}));

describe('findHost()', () => {
  it('finds the host that has a path among the addresses', () => {
    expect(findHost(config, ['127.0.0.1', '::1', '10.1.0.2']).name).toBe('e2');
    expect(findHost(config, ['10.2.0.1', '10.1.0.1']).name).toBe('e1');
  });

  it('knows an address in another notation', () => {
    const six = configOf(edited({ 6: 'paths = ["2001:db8::1"]', 9: 'paths = ["2001:db8::2"]' }));
    expect(findHost(six, ['2001:0DB8:0:0::2']).name).toBe('e2');
  });

  it('takes the name it is given, wherever it runs', () => {
    expect(findHost(config, ['10.1.0.2'], 'e1').name).toBe('e1');
  });

  it.each<[string, string[], string | undefined, string]>([
    [
      'named nowhere',
      ['127.0.0.1', '10.1.0.9'],
      undefined,
      [
        '/etc/h.toml does not name this host: no path of the file is an address of this host.',
        '  addresses here: 127.0.0.1, 10.1.0.9',
        '  paths of e1: 10.1.0.1, 10.2.0.1',
        '  paths of e2: 10.1.0.2',
        'Put one of the addresses into the paths of this host, on every host, or say which one it is with --host NAME.',
      ].join('\n'),
    ],
    [
      'named twice',
      ['10.2.0.1', '10.1.0.2'],
      undefined,
      '/etc/h.toml names this host more than once: e1 (by 10.2.0.1) and e2 (by 10.1.0.2). Keep the right one, or say which one it is with --host NAME.',
    ],
    ['an unknown name', ['10.1.0.1'], 'e3', '/etc/h.toml has no host e3. The nearest is e1.'],
    ['a name like none', ['10.1.0.1'], 'backup', '/etc/h.toml has no host backup. Its hosts are: e1, e2.'],
  ])('refuses a host that is %s', (_, addresses, wanted, message) => {
    expect(() => findHost(config, addresses, wanted)).toThrow(new ExitError(exitCodes.hostUnknown, message));
  });
});
