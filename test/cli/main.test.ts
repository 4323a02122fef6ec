import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { holdfast } from './holdfast.ts';

describe('holdfast', () => {
  it('gives the version of its package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await holdfast('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('lists every command in its help', async () => {
    const { code, stdout } = await holdfast('--help');
    expect(code).toBe(0);
    for (const command of ['agent', 'status', 'members', 'balance', 'check', 'keygen', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
  });

  it('shows its help and exits 64 where no command is given', async () => {
    const { code, stdout, stderr } = await holdfast();
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/^Usage: holdfast/);
  });

  it.each([
    [['statsu'], "holdfast: unknown command 'statsu' (Did you mean status?)\n"],
    [['status', '--jsn'], "holdfast: unknown option '--jsn' (Did you mean --json?)\n"],
    [['status', 'www'], "holdfast: too many arguments for 'status'. Expected 0 arguments but got 1.\n"],
    [['check'], "holdfast: missing required argument 'file'\n"],
    [
      ['status', '--watch', '0'],
      "holdfast: option '--watch [seconds]' argument '0' is invalid. Give seconds from 0.1 to 86400.\n",
    ],
    [
      ['status', '--watch', 'fast'],
      "holdfast: option '--watch [seconds]' argument 'fast' is invalid. Give seconds from 0.1 to 86400.\n",
    ],
  ])('exits 64 on %j with one line that says what would be right', async (args, stderr) => {
    expect(await holdfast(...args)).toEqual({ code: 64, stdout: '', stderr });
  });

  it('exits with the code of the failure, without a stack', async () => {
    const { code, stdout, stderr } = await holdfast('check', '/nowhere/holdfast.toml');
    expect([code, stdout]).toEqual([10, '']);
    expect(stderr).toMatch(/^holdfast: .*\/nowhere\/holdfast\.toml.*\n$/);
  });
});
