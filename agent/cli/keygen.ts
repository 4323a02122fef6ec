/** `holdfast keygen FILE`: a new group key in a file that only its owner can read. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatKey, groupKeyBytes } from '../config/key-text.ts';
import { ExitError, exitCodes } from '../exit-codes.ts';

/**
 * What to print; the key itself is never printed. When this returns, the file and its name are on the disk.
 *
 * @throws ExitError(keyFile): the file is there already, or cannot be made
 */
export async function runKeygen(file: string): Promise<string> {
  let handle: FileHandle;
  try {
    // O_EXCL also refuses a symbolic link that leads elsewhere.
    handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    throw new ExitError(exitCodes.keyFile, `Cannot make the key file ${file}: ${explain(file, error)}`, {
      cause: error,
    });
  }
  try {
    await handle.writeFile(`# Group key of Holdfast: the same file on every host, mode 0600.\n${newKey()}\n`);
    await handle.sync();
  } catch (error) {
    await unlink(file);
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExitError(exitCodes.keyFile, `Cannot write the key file ${file}: ${reason}`, { cause: error });
  } finally {
    await handle.close();
  }
  await syncDirectory(dirname(file));
  return `${file}: new group key, mode 0600. Copy it to every host of the group, for example: scp -p ${file} HOST:${file}`;
}

function newKey(): string {
  return formatKey(randomBytes(groupKeyBytes));
}

/** So that the name outlives a power cut as well as the contents. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function explain(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EEXIST':
      return 'it is there already, and a key in use is not overwritten; give another name or remove it';
    case 'ENOENT':
      return `there is no directory ${dirname(file)}; make it first: mkdir -p ${dirname(file)}`;
    case 'EACCES':
    case 'EPERM':
      return `no permission to write to ${dirname(file)}; run as root`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
