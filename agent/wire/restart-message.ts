/**
 * What a member tells the others when its agent is about to be restarted, and that they have heard it, beside ownership's messages. JSON, as
 * ownership's; who does not know it says that it does not understand, and is not waited for longer than a moment.
 */
import { readOpened } from './opening.ts';

export type RestartMessage =
  | { readonly kind: 'restarting'; readonly keepMs: number }
  /** To everybody, of what the last one who restarts has said. */
  | { readonly kind: 'restart-heard' };

export function encodeRestart(message: RestartMessage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** Never throws. Null where it is another message. */
export function decodeRestart(bytes: Uint8Array): RestartMessage | null {
  if (readOpened(bytes, 'restart-heard') !== null) return { kind: 'restart-heard' };
  const keepMs = readOpened(bytes, 'restarting')?.keepMs;
  return typeof keepMs === 'number' && Number.isFinite(keepMs) && keepMs > 0 ? { kind: 'restarting', keepMs } : null;
}
