import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryPathOf, readMemory, writeMemory } from '../agent/memory-file.ts';
import { noMemory } from '../agent/ownership/freeze.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-memory-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('readMemory()', () => {
  it('finds nothing to keep where there is no file', () => {
    expect(readMemory(join(directory, 'none', 'edge.e1.json'))).toEqual(noMemory);
  });

  it('gives back what was written, newest, with nothing left beside it', async () => {
    const path = memoryPathOf(join(directory, 'made'), 'edge', 'e1');
    await writeMemory(path, { freeze: { frozen: false, changes: 4 }, drained: true });
    const memory = { freeze: { frozen: true, changes: 5 }, drained: false };
    await writeMemory(path, memory);
    expect(readMemory(path)).toEqual(memory);
    expect(readdirSync(join(directory, 'made'))).toEqual(['edge.e1.json']);
  });

  it.each([
    '',
    '{',
    'null',
    '{"drained":true}',
    '{"drained":1,"freeze":{"frozen":true,"changes":1}}',
    '{"drained":true,"freeze":{"frozen":true,"changes":0.5}}',
  ])('says what to do about a file with %j', (text) => {
    const path = join(directory, 'edge.e1.json');
    writeFileSync(path, text);
    expect(() => readMemory(path)).toThrow(`Cannot read ${path}: it is not what an agent wrote; remove it`);
  });
});

describe('writeMemory()', () => {
  it('names the file that it cannot write', async () => {
    writeFileSync(join(directory, 'file'), '');
    const path = join(directory, 'file', 'edge.e1.json');
    await expect(writeMemory(path, noMemory)).rejects.toThrow(`Cannot write ${path}: `);
  });
});
