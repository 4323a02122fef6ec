/** Terminates workers in the middle of their traffic, several at a time. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const [total, atOnce] = process.argv.slice(2).map(Number);
const countFiles = () => readdirSync('/proc/self/fd').length;

async function startAndTerminate(number) {
  const worker = new Worker(new URL('traffic.mjs', import.meta.url), { workerData: number });
  await once(worker, 'message');
  return worker.terminate();
}

// Once before counting: the first worker makes the process open files that stay.
await startAndTerminate(0);
const before = countFiles();
let started = 0;
const statuses = new Set();
const lane = async () => {
  while (started < total) statuses.add(await startAndTerminate(++started));
};
await Promise.all(Array.from({ length: atOnce }, lane));
process.stdout.write(JSON.stringify({ started, statuses: [...statuses], filesLeft: countFiles() - before }));
