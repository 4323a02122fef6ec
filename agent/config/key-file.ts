/** The key file from the disk, and whether only those may read it who may be in the group. */
import type { Stats } from 'node:fs';
import { ExitError, exitCodes } from '../exit-codes.ts';
import { formatConfigErrors } from './config-error.ts';
import { explainOpenError, type FileBytes, readFileBytes } from './file-bytes.ts';
import { type GroupKeys, parseKeys } from './key-text.ts';
import { keyFileBytesMax } from './limits.ts';

export type KeyRing = { readonly file: string; readonly keys: GroupKeys };

/** @throws ExitError(keyFile) that says what to do; never with a part of a key */
export async function readKeyFile(file: string): Promise<KeyRing> {
  let contents: FileBytes;
  try {
    contents = await readFileBytes(file, keyFileBytesMax);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const right = missing ? `; make one with: holdfast keygen ${file}, and copy it to every host` : '';
    throw refusal(`Cannot read the key file ${file}: ${explainOpenError(error)}${right}`, { cause: error });
  }
  if (contents.kind === 'irregular') throw refusal(`Cannot use the key file ${file}: it is no regular file`);
  const problem = accessProblem(file, contents.stats, process.geteuid?.() ?? 0);
  if (problem !== undefined) throw refusal(`Cannot use the key file ${file}: ${problem}`);
  if (contents.kind === 'too-large') {
    throw refusal(`Cannot use the key file ${file}: more than ${keyFileBytesMax} bytes cannot be a key file`);
  }
  const parsed = parseKeys(Buffer.from(contents.bytes).toString('latin1'));
  if (!parsed.ok) throw refusal(formatConfigErrors(file, parsed.errors));
  return { file, keys: parsed.keys };
}

/**
 * Owned by root or by whoever runs us; nobody else may write it; only root's own group may also read it (0640 root:root is
 * what some configuration managers leave, and lets in nobody who is not root already).
 *
 * @param effectiveUid of this process
 */
export function accessProblem(
  file: string,
  { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>,
  effectiveUid: number,
): string | undefined {
  if (uid !== 0 && uid !== effectiveUid) {
    return `it belongs to user ${uid}, who could change it; run: chown root:root ${file}`;
  }
  const forbidden = gid === 0 ? 0o037 : 0o077;
  if ((mode & forbidden) === 0) return undefined;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return `others may read or change it (mode ${octal}); run: chmod 600 ${file}`;
}

function refusal(message: string, options?: ErrorOptions): ExitError {
  return new ExitError(exitCodes.keyFile, message, options);
}
