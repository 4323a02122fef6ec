/**
 * Run by itself on a copy of the program: `first-failure.js <seeds> [promise]` says on one line which promise broke first, or whether
 * that one did, and at which seed.
 */
import { AssertionError } from 'node:assert';
import { sweep } from './sweep.ts';

try {
  const { failure } = sweep({ first: 1, seeds: Number(process.argv[2]), promise: process.argv[3] });
  console.log(failure === null ? 'none' : `${failure.promise}: seed ${failure.seed}`);
} catch (error) {
  // An error that the step functions do not expect is noticed as well.
  if (error instanceof AssertionError) throw error;
  console.log(`error: ${error instanceof Error ? error.message : String(error)}`);
}
