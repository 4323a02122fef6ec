import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../agent/directory.ts';

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'holdfast-directory-'));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('makeDirectory()', () => {
  it('makes those above as well, and is content with what is there', () => {
    const path = join(base, 'a', 'b', 'c');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('below /proc: an error that says so, at once', () => {
    expect(() => makeDirectory('/proc/holdfast/state')).toThrow(
      'the file system of /proc lets nobody make /proc/holdfast',
    );
  });

  it('where a file is in the way: an error that names it', () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    expect(() => makeDirectory(join(file, 'state'))).toThrow(file);
  });
});
