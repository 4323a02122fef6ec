/** Closes packet sockets, and counts how often this thread slept for it; ends workers while theirs are being closed. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { openPacket } from '#native';

const count = Number(process.argv[2]);
const options = { interfaceIndex: 0, etherType: 0x88b5, filter: [], outgoing: false };
const unbindable = { ...options, interfaceIndex: 0x7fffffff };
const ignore = { onMessage() {}, onError() {} };

const files = () => readdirSync('/proc/self/fd').length;
const sleeps = () => {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
};
const untilClosed = async (left) => {
  while (files() > left) await turn();
};

async function measure() {
  sleeps();
  const before = files();
  openPacket(options, ignore).close(); // the pool starts its threads
  await untilClosed(before);

  const sockets = Array.from({ length: count }, () => openPacket(options, ignore));
  const atFirst = sleeps();
  for (const socket of sockets) socket.close();
  const closing = sleeps() - atFirst;

  const atSecond = sleeps();
  for (let at = 0; at < count; at++) {
    try {
      openPacket(unbindable, ignore);
    } catch (error) {
      if (error.code !== 'ENODEV') throw error;
    }
  }
  const failing = sleeps() - atSecond;
  await untilClosed(before);

  const workerFiles = await endWorker(); // the first makes the process open files that stay
  const workerFilesLeft = (await endWorker()) - workerFiles;
  openPacket(options, ignore).close(); // the process ends while it is being closed
  process.stdout.write(JSON.stringify({ closing, failing, workerFilesLeft }));
}

/** @returns how many files are open after it */
async function endWorker() {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message');
  await worker.terminate();
  return files();
}

function work() {
  const open = Array.from({ length: 4 }, () => openPacket(options, ignore));
  for (const socket of open.slice(2)) socket.close();
  parentPort.postMessage('closing');
}

if (isMainThread) await measure();
else work();
