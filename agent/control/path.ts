import { ControlError } from './error.ts';

/** sun_path without its terminating zero (unix(7)). Node cuts a longer path short without a word. */
export const socketPathBytesMax = 107;

/** @throws ControlError 'cannot-listen' or 'no-agent', as given */
export function checkSocketPath(path: string, failure: 'cannot-listen' | 'no-agent'): void {
  const bytes = Buffer.byteLength(path);
  if (path === '' || bytes > socketPathBytesMax || path.includes('\0')) {
    throw new ControlError(
      failure,
      `Cannot use ${JSON.stringify(path)} as the control socket: its path has ${bytes} bytes, the kernel takes 1 to ` +
        `${socketPathBytesMax} and no zero byte`,
    );
  }
}
