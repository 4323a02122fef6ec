/** Takes a lock, drops the object, says so once the collector has been there, and lives until it is killed. */
import { lockFile } from '#native';

lockFile({ path: process.argv[2] });
globalThis.gc();
setImmediate(() => {
  globalThis.gc();
  process.stdout.write('held');
});
setInterval(() => {}, 1_000_000);
