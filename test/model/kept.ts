/** Paths on which a promise was once broken, kept when the defect was mended. */
import type { Action } from './action.ts';

export type KeptPath = {
  readonly what: string;
  /** Where it begins, of `beginnings`. */
  readonly world: string;
  readonly path: readonly Action[];
};

export const keptPaths: readonly KeptPath[] = [
  {
    what: 'a host that stood still announces nothing because of a release that it hears then',
    world: 'two, late and stalled',
    path: [
      { kind: 'hear-nothing', host: 'e1' },
      { kind: 'hear-nothing', host: 'e2' },
      { kind: 'hear', from: 'e2', to: 'e1' },
      { kind: 'deliver', from: 'e1', to: 'e2' },
      { kind: 'hear', from: 'e1', to: 'e2' },
      { kind: 'deliver', from: 'e2', to: 'e1' },
      { kind: 'stall', host: 'e1' },
      { kind: 'deliver', from: 'e1', to: 'e2' },
    ],
  },
];
