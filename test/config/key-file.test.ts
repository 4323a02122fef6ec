import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessProblem, readKeyFile } from '../../agent/config/key-file.ts';
import { formatKey, parseKeys } from '../../agent/config/key-text.ts';
import { ExitError, exitCodes } from '../../agent/exit-codes.ts';

const keyOf = (byte: number) => new Uint8Array(32).fill(byte);
const lineOf = (byte: number) => formatKey(keyOf(byte));

describe('parseKeys()', () => {
  it('reads a ring in its order, with comments, spaces and Windows line ends', () => {
    const text = `# group edge\r\n${lineOf(2)} # new, since May\r\n\r\n\t${lineOf(1)}\r\n`;
    expect(parseKeys(text)).toEqual({ ok: true, keys: [keyOf(2), keyOf(1)] });
  });

  it('reads what formatKey() writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        expect(parseKeys(formatKey(key))).toEqual({ ok: true, keys: [key] });
      }),
    );
  });

  const damaged = (column: number) =>
    `1:${column}: the key is damaged: 43 characters of base64url follow holdfast-key-1:; copy it again, whole`;

  it.each<[string, string, string[]]>([
    ['an empty file', '', ['1:1: there is no key; make one with: holdfast keygen FILE']],
    ['comments only', '# no key\n', ['1:1: there is no key; make one with: holdfast keygen FILE']],
    ['another text', `\n  ${'x'.repeat(43)}`, ['2:3: this is no key; a key begins with holdfast-key-1:']],
    ['a short key', lineOf(1).slice(0, -1), [damaged(16)]],
    ['a long key', ` ${lineOf(1)}A`, [damaged(17)]],
    ['a key in base64', lineOf(0xff).replaceAll('_', '/'), [damaged(16)]],
    ['bits beyond the key', lineOf(0).replace(/A$/, 'B'), [damaged(16)]],
    ['a key in two pieces', lineOf(1).replace(/(.{30})/, '$1 '), [damaged(16)]],
    [
      'a key twice',
      `${lineOf(1)}\n${lineOf(2)}\n${lineOf(1)}`,
      ['3:1: this is the key of line 1 again; remove one of the two'],
    ],
    [
      'nine keys',
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map(lineOf).join('\n'),
      ['9:1: there are more than 8 keys; remove the oldest'],
    ],
    [
      'all that is wrong',
      'a\nb',
      [
        '1:1: this is no key; a key begins with holdfast-key-1:',
        '2:1: this is no key; a key begins with holdfast-key-1:',
      ],
    ],
  ])('refuses %s', (_, text, expected) => {
    const parsed = parseKeys(text);
    expect(parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual(
      expected,
    );
  });

  it('never throws, and never tells what it read', () => {
    const secret = Buffer.from(keyOf(7)).toString('base64url').slice(0, 20);
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (before, after) => {
        const parsed = parseKeys(`${before}${secret}${after}`);
        expect(JSON.stringify(parsed)).not.toContain(secret);
      }),
    );
  });
});

describe('accessProblem()', () => {
  const foreign = 'it belongs to user 1000, who could change it; run: chown root:root k';
  const open = (mode: string) => `others may read or change it (mode ${mode}); run: chmod 600 k`;

  it.each([
    ["root's own", 0o600, 0, 0, 0, undefined],
    ['read-only', 0o400, 0, 0, 0, undefined],
    ["for root's group to read", 0o640, 0, 0, 0, undefined],
    ['our own', 0o600, 1000, 1000, 1000, undefined],
    ["root's, read by another user's agent", 0o600, 0, 0, 1000, undefined],
    ["another user's", 0o600, 1000, 0, 0, foreign],
    ['for a group to read', 0o640, 0, 27, 0, open('0640')],
    ["for root's group to write", 0o660, 0, 0, 0, open('0660')],
    ['for a group to execute', 0o610, 0, 27, 0, open('0610')],
    ['for all to read', 0o604, 0, 0, 0, open('0604')],
    ['for all to write', 0o602, 0, 0, 0, open('0602')],
    ['of our own group', 0o640, 1000, 1000, 1000, open('0640')],
  ])('%s', (_, mode, uid, gid, effectiveUid, expected) => {
    expect(accessProblem('k', { mode: 0o100000 | mode, uid, gid }, effectiveUid)).toBe(expected);
  });
});

describe('readKeyFile()', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'holdfast-key-'));
    file = join(directory, 'edge.key');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function refusalOf(path: string): Promise<string> {
    const error: unknown = await readKeyFile(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExitError);
    if (!(error instanceof ExitError)) return '';
    expect(error.exitCode).toBe(exitCodes.keyFile);
    return error.message;
  }

  it('reads a ring, also through a symbolic link', async () => {
    writeFileSync(file, `${lineOf(1)}\n${lineOf(2)}\n`, { mode: 0o600 });
    symlinkSync(file, join(directory, 'link'));
    const link = join(directory, 'link');
    expect(await readKeyFile(link)).toEqual({ file: link, keys: [keyOf(1), keyOf(2)] });
  });

  it('says how to make a file that is missing', async () => {
    const expected = `Cannot read the key file ${file}: there is no such file; make one with: holdfast keygen ${file}, and copy it to every host`;
    expect(await refusalOf(file)).toBe(expected);
  });

  it('refuses a file that others can read', async () => {
    writeFileSync(file, lineOf(1));
    chmodSync(file, 0o644);
    const expected = `Cannot use the key file ${file}: others may read or change it (mode 0644); run: chmod 600 ${file}`;
    expect(await refusalOf(file)).toBe(expected);
  });

  it('tells the place of what is malformed', async () => {
    writeFileSync(file, `# edge\n${lineOf(1)}x\n`, { mode: 0o600 });
    expect(await refusalOf(file)).toMatch(`${file}:2:16: the key is damaged`);
  });

  it('refuses a directory, and a pipe without waiting for its writer', async () => {
    expect(await refusalOf(directory)).toBe(`Cannot use the key file ${directory}: it is no regular file`);
    execFileSync('mkfifo', ['-m', '600', file]);
    expect(await refusalOf(file)).toBe(`Cannot use the key file ${file}: it is no regular file`);
  });

  it('refuses a file that is too large for keys', async () => {
    writeFileSync(file, '#'.repeat(16 * 1024 + 1), { mode: 0o600 });
    expect(await refusalOf(file)).toBe(`Cannot use the key file ${file}: more than 16384 bytes cannot be a key file`);
  });
});
