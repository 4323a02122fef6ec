import type { Paint } from './text.ts';

/** What the renderers of the sections of a page share. */
export type Section = {
  /** Characters of a line; Infinity: nothing is cut. */
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
  /** List everything, however long. */
  readonly all: boolean;
};
