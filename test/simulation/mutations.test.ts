import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mutation, mutations } from './mutations.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
/** What one broken rule may take to be noticed. */
const seeds = 1_000;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-mutations-'));
  const options =
    '--noCheck --ignoreConfig --module nodenext --target es2023 --rewriteRelativeImportExtensions --types node';
  const entry = join(root, 'test/simulation/first-failure.ts');
  const tsc = join(root, 'node_modules/.bin/tsc');
  await run(tsc, [entry, ...options.split(' '), '--rootDir', root, '--outDir', join(folder, 'whole')], { cwd: root });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The program with one rule broken, in a folder of its own. */
async function mutant({ file, find, put }: Mutation, index: number): Promise<string> {
  const copy = join(folder, `mutant-${index}`);
  await cp(join(folder, 'whole'), copy, { recursive: true });
  const path = join(copy, 'agent', `${file}.js`);
  const text = await readFile(path, 'utf8');
  expect(text.split(find).length, `${file}: "${find}" is there once`).toBe(2);
  await writeFile(
    path,
    text.replace(find, () => put),
  );
  return copy;
}

async function firstFailure(copy: string): Promise<string> {
  const script = join(copy, 'test/simulation/first-failure.js');
  const { stdout } = await run(process.execPath, [script, String(seeds)], { timeout: 120_000 });
  return stdout.trim();
}

describe('a rule that is broken is noticed', () => {
  it.concurrent.each(mutations.map((mutation, index) => ({ ...mutation, index })))(
    '$rule ($file)',
    { timeout: 150_000 },
    async ({ index, ...mutation }) => {
      const promise = await firstFailure(await mutant(mutation, index));
      console.log(`${mutation.rule}: ${promise}`);
      expect(promise).not.toBe('none');
    },
  );
});
