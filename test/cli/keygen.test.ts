import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runKeygen } from '../../agent/cli/keygen.ts';
import { readKeyFile } from '../../agent/config/key-file.ts';
import { ExitError, exitCodes } from '../../agent/exit-codes.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-keygen-'));
  file = join(directory, 'edge.key');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('runKeygen()', () => {
  it('makes a key that readKeyFile() accepts and that is printed nowhere', async () => {
    const output = await runKeygen(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { keys } = await readKeyFile(file);
    expect(keys).toHaveLength(1);
    expect(output).toBe(
      `${file}: new group key, mode 0600. Copy it to every host of the group, for example: scp -p ${file} HOST:${file}`,
    );
    expect(output).not.toContain(Buffer.from(keys[0]).toString('base64url'));
  });

  it('makes another key every time', async () => {
    await runKeygen(file);
    await runKeygen(`${file}2`);
    expect((await readKeyFile(file)).keys).not.toEqual((await readKeyFile(`${file}2`)).keys);
  });

  it('leaves a file alone that is there already, also behind a symbolic link', async () => {
    writeFileSync(file, 'precious');
    symlinkSync(join(directory, 'missing'), join(directory, 'link'));
    for (const path of [file, join(directory, 'link')]) {
      const message = `Cannot make the key file ${path}: it is there already, and a key in use is not overwritten; give another name or remove it`;
      await expect(runKeygen(path)).rejects.toThrow(new ExitError(exitCodes.keyFile, message));
    }
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(existsSync(join(directory, 'missing'))).toBe(false);
  });

  it('says how to make a directory that is missing', async () => {
    const message = `Cannot make the key file ${directory}/etc/k: there is no directory ${directory}/etc; make it first: mkdir -p ${directory}/etc`;
    await expect(runKeygen(join(directory, 'etc', 'k'))).rejects.toThrow(new ExitError(exitCodes.keyFile, message));
  });
});
