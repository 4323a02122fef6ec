import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFile } from '#native';
import { nodeCommand } from './child.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-native-'));
afterAll(() => rmSync(directory, { recursive: true }));

const refused = (path: string, code: string, errno: number, syscall: string, text: string) =>
  expect.objectContaining({ code, errno, syscall, message: `Cannot lock ${path}: ${code} (${text})` });

describe('lockFile', () => {
  it('lockFile(): makes a file that only its owner reads and writes its process id into it', () => {
    const path = join(directory, 'made');
    writeFileSync(path, 'what a longer process id left behind');
    const lock = lockFile({ path });
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
    rmSync(path);
    const again = lockFile({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    again.release();
  });

  it('lockFile(): a second holder is refused until release(), which may be called again', () => {
    const path = join(directory, 'twice');
    const lock = lockFile({ path });
    expect(() => lockFile({ path })).toThrow(refused(path, 'EAGAIN', 11, 'flock', 'Resource temporarily unavailable'));
    lock.release();
    const next = lockFile({ path });
    lock.release();
    expect(() => lockFile({ path })).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
    next.release();
  });

  it('lockFile(): another process holds it without keeping the object, and loses it when it is killed', async () => {
    const path = join(directory, 'other');
    const [file = '', ...args] = nodeCommand('hold-lock', [path], { nodeFlags: ['--expose-gc'] });
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect(() => lockFile({ path })).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
    child.kill('SIGKILL');
    await once(child, 'close');
    lockFile({ path }).release();
  });

  it('lockFile(): does not follow a symbolic link, nor make one out of a directory', () => {
    const target = join(directory, 'target');
    const link = join(directory, 'link');
    const folder = join(directory, 'folder');
    writeFileSync(target, 'untouched');
    symlinkSync(target, link);
    mkdirSync(folder);
    expect(() => lockFile({ path: link })).toThrow(
      refused(link, 'ELOOP', 40, 'open', 'Too many levels of symbolic links'),
    );
    expect(readFileSync(target, 'utf8')).toBe('untouched');
    expect(() => lockFile({ path: folder })).toThrow(refused(folder, 'EISDIR', 21, 'open', 'Is a directory'));
    expect(() => lockFile({ path: join(folder, 'a', 'b') })).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
