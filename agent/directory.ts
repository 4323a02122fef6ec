/** Makes a directory and those above it. Not mkdir's own `recursive`: below /proc, where nothing can be made, that of Node 20 never returns. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** @throws Error that names the directory that could not be made */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return; // somebody else's, meanwhile
    if (code !== 'ENOENT') throw error; // it names the path
    throw new Error(`the file system of ${parent} lets nobody make ${path}`, { cause: error });
  }
}
