import { readFileSync } from 'node:fs';

/** What package.json says: the nearest one above this file that is ours, so it works built, installed and from source. */
export function version(): string {
  for (let at = new URL('.', import.meta.url); ; at = new URL('..', at)) {
    const found = packageVersion(new URL('package.json', at));
    if (found !== undefined) return found;
    if (at.pathname === '/')
      throw new Error('Cannot find the package.json of holdfast above its own files: install it anew');
  }
}

function packageVersion(file: URL): string | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('name' in value) || value.name !== 'holdfast')
      return undefined;
    return 'version' in value && typeof value.version === 'string' ? value.version : undefined;
  } catch {
    return undefined;
  }
}
