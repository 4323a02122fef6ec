/** Run by itself on a copy of the program: `first-failure.js <world>` says on one line which promise broke, and after how many actions. */
import { examine } from './examine.ts';
import { beginnings } from './worlds.ts';

const beginning = beginnings.find(({ name }) => name === process.argv[2]);
if (beginning === undefined) throw new Error(`there is no world ${process.argv[2]}`);
try {
  const { failure } = examine(beginning, { depth: beginning.depth, completionsMax: 20 });
  console.log(failure === null ? 'none' : `${failure.promise}: ${failure.path.length} actions`);
} catch (error) {
  // An error that the step functions do not expect, or a world that does not even begin, is noticed as well.
  console.log(`error: ${error instanceof Error ? error.message : String(error)}`);
}
