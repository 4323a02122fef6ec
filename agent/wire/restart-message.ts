/**
 * What a member tells the others when its agent is about to be restarted, and that they have heard it, beside ownership's messages. JSON, as
 * ownership's; who does not know it says that it does not understand, and is not waited for longer than a moment.
 */
import { beginsAs } from './opening.ts';

export type RestartMessage =
  | { readonly kind: 'restarting'; readonly keepMs: number }
  /** To everybody, of what the last one who restarts has said. */
  | { readonly kind: 'restart-heard' };

export function encodeRestart(message: RestartMessage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** Never throws. Null where it is another message. */
export function decodeRestart(bytes: Uint8Array): RestartMessage | null {
  if (beginsAs(bytes, 'restart-heard')) return { kind: 'restart-heard' };
  if (!beginsAs(bytes, 'restarting')) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('keepMs' in value) || typeof value.keepMs !== 'number')
    return null;
  return Number.isFinite(value.keepMs) && value.keepMs > 0 ? { kind: 'restarting', keepMs: value.keepMs } : null;
}
