/** How wide what we print may be, and whether in colour. */
import type { WriteStream } from 'node:tty';

export type PageOptions = {
  /** Characters; Infinity where the output is no terminal: whoever reads it then wants all of it. */
  readonly width: number;
  readonly colour: boolean;
};

export function pageOptions(stream: WriteStream, environment: NodeJS.ProcessEnv): PageOptions {
  if (!stream.isTTY) return { width: Infinity, colour: false };
  const plain = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb'; // https://no-color.org
  return { width: stream.columns > 0 ? stream.columns : 80, colour: !plain };
}
