/** The configuration file from the disk. */
import { ExitError, exitCodes } from '../exit-codes.ts';
import type { Config } from './config.ts';
import { type ConfigError, formatConfigErrors, type Position } from './config-error.ts';
import { explainOpenError, type FileBytes, readFileBytes } from './file-bytes.ts';
import { configFileBytesMax } from './limits.ts';
import { fileSizeProblem, parseConfig } from './parse.ts';

/** @throws ExitError(configuration) whose message has one line for each thing that is wrong */
export async function readConfig(file: string): Promise<Config> {
  let contents: FileBytes;
  try {
    contents = await readFileBytes(file, configFileBytesMax);
  } catch (error) {
    const message = `Cannot read the configuration ${file}: ${explainOpenError(error)}`;
    throw new ExitError(exitCodes.configuration, message, { cause: error });
  }
  if (contents.kind === 'irregular') {
    throw new ExitError(exitCodes.configuration, `Cannot read the configuration ${file}: it is no regular file`);
  }
  const tooLarge = fileSizeProblem(contents.stats.size);
  if (contents.kind === 'too-large') throw refusal(file, tooLarge === undefined ? [] : [tooLarge]);
  const text = decodeUtf8(contents.bytes);
  if (typeof text !== 'string')
    throw refusal(file, [{ ...text, message: 'this is not UTF-8; save the file as UTF-8' }]);
  const parsed = parseConfig(text, file);
  if (!parsed.ok) throw refusal(file, parsed.errors);
  return parsed.config;
}

function refusal(file: string, errors: readonly ConfigError[]): ExitError {
  return new ExitError(exitCodes.configuration, formatConfigErrors(file, errors));
}

/** The text without a byte order mark, or the place of the first byte that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | Position {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // A longer prefix than a bad one is bad, so the longest good one is found by halving.
    let good = 0;
    let bad = bytes.length;
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (decodePrefix(bytes.subarray(0, middle)) === undefined) bad = middle;
      else good = middle;
    }
    const lines = (decodePrefix(bytes.subarray(0, good)) ?? '').split('\n');
    return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
}

/** A character that is cut off at the end is not wrong. */
function decodePrefix(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
