/**
 * Run by itself on a copy of the program: `first-failure.js <seeds> [promise [members]]` says on one line which promise broke first, or
 * whether that one did, and at which seed, with groups that large.
 */
import { AssertionError } from 'node:assert';
import { sweep } from './sweep.ts';

const [, , seeds, promise, members] = process.argv;

try {
  const size = members === undefined ? undefined : Number(members);
  const { failure } = sweep({ first: 1, seeds: Number(seeds), promise, members: size });
  console.log(failure === null ? 'none' : `${failure.promise}: seed ${failure.seed}`);
} catch (error) {
  // An error that the step functions do not expect is noticed as well.
  if (error instanceof AssertionError) throw error;
  console.log(`error: ${error instanceof Error ? error.message : String(error)}`);
}
