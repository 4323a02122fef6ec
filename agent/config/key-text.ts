/**
 * The text of a key file: `holdfast-key-1:` and 32 random bytes in base64url, a line a key, `#` begins a comment.
 * Nothing here ever puts a part of a key into a message.
 */
import type { ConfigError } from './config-error.ts';
import { groupKeysMax } from './limits.ts';

export const groupKeyBytes = 32;

/** The first seals what is sent; all open what is received. So a key is changed without a moment of two groups. */
export type GroupKeys = readonly [Uint8Array, ...Uint8Array[]];

export type ParsedKeys =
  | { readonly ok: true; readonly keys: GroupKeys }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const prefix = 'holdfast-key-1:';

/** Never throws. */
export function parseKeys(text: string): ParsedKeys {
  const errors: ConfigError[] = [];
  const keys: { readonly key: Uint8Array; readonly line: number }[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1;
    const [written = ''] = content.split('#');
    const body = written.trim();
    if (body === '') continue;
    const column = written.indexOf(body) + 1;
    const parsed = parseKey(body);
    if (!(parsed instanceof Uint8Array)) {
      errors.push({ line, column: column + parsed.offset, message: parsed.message });
      continue;
    }
    const same = keys.find(({ key }) => key.every((byte, at) => byte === parsed[at]));
    if (same !== undefined) {
      errors.push({ line, column, message: `this is the key of line ${same.line} again; remove one of the two` });
    } else if (keys.length === groupKeysMax) {
      errors.push({ line, column, message: `there are more than ${groupKeysMax} keys; remove the oldest` });
    }
    keys.push({ key: parsed, line });
  }
  if (errors.length > 0) return { ok: false, errors };
  const [first, ...others] = keys.map(({ key }) => key);
  if (first !== undefined) return { ok: true, keys: [first, ...others] };
  return {
    ok: false,
    errors: [{ line: 1, column: 1, message: 'there is no key; make one with: holdfast keygen FILE' }],
  };
}

/** @param key 32 random bytes */
export function formatKey(key: Uint8Array): string {
  return prefix + Buffer.from(key).toString('base64url');
}

type KeyProblem = { readonly offset: number; readonly message: string };

function parseKey(body: string): Uint8Array | KeyProblem {
  if (!body.startsWith(prefix)) return { offset: 0, message: `this is no key; a key begins with ${prefix}` };
  const digits = body.slice(prefix.length);
  const key = Buffer.from(digits, 'base64url');
  // Buffer skips what is not base64: what it makes of the key must be the same text again.
  if (key.length === groupKeyBytes && key.toString('base64url') === digits) return new Uint8Array(key);
  const length = Math.ceil((groupKeyBytes * 8) / 6);
  const message = `the key is damaged: ${length} characters of base64url follow ${prefix}; copy it again, whole`;
  return { offset: prefix.length, message };
}
