import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '../../agent/cli/check.ts';
import { ExitError, exitCodes } from '../../agent/exit-codes.ts';
import { sysctlNotes } from '../../agent/system/sysctls.ts';
import { edited } from '../config/fixture.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-check-'));
  file = join(directory, 'holdfast.toml');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function refusalOf(check: Promise<string>): Promise<string> {
  const error: unknown = await check.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ExitError);
  return error instanceof ExitError ? `${error.exitCode} ${error.message}` : '';
}

describe('runCheck()', () => {
  it('says what a valid file holds', async () => {
    writeFileSync(file, edited({}));
    expect(await runCheck(file)).toBe(`${file}: valid: group edge, 2 hosts, 1 set with 2 addresses`);
  });

  it('counts pools', async () => {
    writeFileSync(file, edited({}, '[pool.p]', 'interface = "eth1"', 'range = "10.9.0.1-10.9.0.5"', 'prefix = 24'));
    expect(await runCheck(file)).toBe(`${file}: valid: group edge, 2 hosts, 6 sets with 7 addresses`);
  });

  it.each([
    ['two hosts that need each other', 'when either is lost the other holds nothing', []],
    [
      'an even number',
      'where a cut leaves 2 on each side',
      ['[host.e3]', 'paths = ["10.1.0.3"]', '[host.e4]', 'paths = ["10.1.0.4"]'],
    ],
  ])('warns of a majority of %s', async (_, warning, more) => {
    writeFileSync(file, edited({ 3: 'partition = "majority"' }, ...more));
    expect(await runCheck(file)).toContain(warning);
    const witness = ['[host.w1]', 'paths = ["10.1.0.9"]', 'witness = true'];
    writeFileSync(file, edited({ 3: 'partition = "majority"' }, ...more, ...witness));
    expect(await runCheck(file)).not.toContain('Warning');
  });

  it('says which host it is asked to be', async () => {
    writeFileSync(file, edited({}));
    expect(await runCheck(file, { host: 'e1' })).toBe(
      `${file}: valid: group edge, 2 hosts, 1 set with 2 addresses\nThis host is e1 (10.1.0.1, 10.2.0.1).`,
    );
    expect(await refusalOf(runCheck(file, { host: 'e7' }))).toBe(
      `${exitCodes.hostUnknown} ${file} has no host e7. The nearest is e1.`,
    );
  });

  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

  it('finds out which host it runs on, where the machine has an address that can be a path', async () => {
    writeFileSync(file, edited({ 9: `paths = ["${own ?? '10.1.0.2'}"]` }));
    const output = await runCheck(file);
    const [, host, ...settings] = output.split('\n');
    expect(host).toBe(own === undefined ? undefined : `This host is e2 (${own}).`);
    for (const line of settings) expect(line).toMatch(/^(Warning|Note): net\.ipv[46]\..*; see docs\/network\.md\.$/);
    const notes = own === undefined ? [] : sysctlNotes(new Set([4, 6])).map((note) => `Note: ${note}.`);
    expect(settings.filter((line) => line.startsWith('Note'))).toEqual(notes);
  });

  it('tells every error of the file', async () => {
    writeFileSync(file, edited({ 3: 'hearbeat = "1s"', 12: 'interface = "lo"' }));
    expect(await refusalOf(runCheck(file))).toBe(
      [
        `${exitCodes.configuration} ${file}:3:1: unknown key "hearbeat"; the nearest known key is "heartbeat"`,
        `${file}:12:13: interface lo cannot announce an address; write the one that the clients are on`,
      ].join('\n'),
    );
  });

  it('tells the place of a byte that is not UTF-8', async () => {
    writeFileSync(file, Buffer.from(edited({ 4: '# f\xfcr' }), 'latin1'));
    expect(await refusalOf(runCheck(file))).toBe(
      `${exitCodes.configuration} ${file}:4:4: this is not UTF-8; save the file as UTF-8`,
    );
  });

  it('refuses what is no file of at most 1 MiB', async () => {
    expect(await refusalOf(runCheck(join(directory, 'none')))).toBe(
      `${exitCodes.configuration} Cannot read the configuration ${directory}/none: there is no such file`,
    );
    expect(await refusalOf(runCheck(directory))).toBe(
      `${exitCodes.configuration} Cannot read the configuration ${directory}: it is no regular file`,
    );
    writeFileSync(file, Buffer.alloc(1024 * 1024 + 1));
    expect(await refusalOf(runCheck(file))).toBe(
      `${exitCodes.configuration} ${file}:1:1: the file has 1048577 bytes, too many; write at most 1048576`,
    );
  });
});
