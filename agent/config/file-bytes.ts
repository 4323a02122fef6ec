/** Reading a small file whole: regular ones only, with a bound, and without waiting for a pipe's other end. */
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

export type FileBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly stats: Stats }
  | { readonly kind: 'irregular'; readonly stats: Stats }
  | { readonly kind: 'too-large'; readonly stats: Stats };

/** What is told of the file is of the one that was opened. Rejects with Node's error where it cannot be opened. */
export async function readFileBytes(file: string, bytesMax: number): Promise<FileBytes> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return { kind: 'irregular', stats };
    if (stats.size > bytesMax) return { kind: 'too-large', stats };
    return { kind: 'bytes', bytes: await handle.readFile(), stats };
  } finally {
    await handle.close();
  }
}

/** Node's error in words: what is wrong with the path, and what would be right. */
export function explainOpenError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it; run as root or as its owner';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
