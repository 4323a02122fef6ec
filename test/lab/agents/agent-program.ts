import { builtFile } from '../../../agent/lab/built.ts';

/** The program `holdfast` as built. */
export const programFile = builtFile('../cli/main.js');
