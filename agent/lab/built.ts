import { fileURLToPath } from 'node:url';

/**
 * A program as built, by its path relative to this folder: beside this file, or where this file runs from its source, in
 * the build. Node 20 does not run sources.
 */
export function builtFile(path: string): string {
  const folder = import.meta.url.endsWith('.ts') ? '../../dist/agent/lab/' : './';
  return fileURLToPath(new URL(folder + path, import.meta.url));
}
