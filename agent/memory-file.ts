/**
 * What an agent keeps over its restart, in one small file: a drain of this host, a freeze of the group. Written whole beside the
 * old one, which it then replaces, so that a crash leaves one or the other. No file means that there is nothing to keep.
 */
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectory } from './directory.ts';
import { type Memory, noMemory } from './ownership/freeze.ts';

/** Where the file of one host of one group is. */
export function memoryPathOf(directory: string, group: string, host: string): string {
  return join(directory, `${group}.${host}.json`);
}

/** @throws Error that names the file, where it is there but cannot be read as what an agent wrote */
export function readMemory(path: string): Memory {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return noMemory;
    throw new Error(`Cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const memory = parseMemory(text);
  if (memory === null) {
    const remedy = 'remove it, then freeze or drain again where that is wanted';
    throw new Error(`Cannot read ${path}: it is not what an agent wrote; ${remedy}`);
  }
  return memory;
}

/** Off the main loop: a disk may take its time, and a takeover does not wait for it. @throws Error that names the file */
export async function writeMemory(path: string, memory: Memory): Promise<void> {
  const fresh = `${path}.new`;
  try {
    makeDirectory(dirname(path));
    const file = await open(fresh, 'w', 0o644);
    try {
      await file.writeFile(`${JSON.stringify(memory)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** The new name too is on the disk only after this. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function parseMemory(text: string): Memory | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('freeze' in value) || !('drained' in value)) return null;
  const { freeze, drained } = value;
  if (typeof drained !== 'boolean' || typeof freeze !== 'object' || freeze === null) return null;
  if (!('frozen' in freeze) || !('changes' in freeze)) return null;
  const { frozen, changes } = freeze;
  if (typeof frozen !== 'boolean' || typeof changes !== 'number' || !Number.isSafeInteger(changes)) return null;
  return { freeze: { ...freeze, frozen, changes }, drained }; // what a later version added goes on as it is
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
