/** Ways for a thread or a process to end with open sockets; the argument says which. */

import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { openUnixDatagram } from '#native';

const path = `\0holdfast-endings-${process.pid}`;

function open(onMessage) {
  return openUnixDatagram({ path }, { onMessage, onError() {} });
}

const endings = {
  /** Nothing else keeps the loop alive. */
  unreferenced: () => open(() => {}).unref(),
  'exit-in-handler': () => open(() => process.exit(7)).send(Buffer.from('x'), { path }),
  'throw-in-handler': () =>
    open(() => {
      throw new Error('thrown by the handler');
    }).send(Buffer.from('x'), { path }),
  'collected-unclosed': () => {
    open(() => process.exit(0));
    globalThis.gc();
    setImmediate(() => {
      globalThis.gc();
      openUnixDatagram({ path: '' }, { onMessage() {}, onError() {} }).send(Buffer.from('x'), { path });
    });
  },
  'collected-closed': () => {
    for (let count = 0; count < 100; count++) open(() => {}).close();
    globalThis.gc();
    setImmediate(() => globalThis.gc());
  },
  'in-worker': () => {
    const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: process.argv[3] });
    worker.on('error', (error) => process.stderr.write(`worker: ${error.message}\n`));
    worker.on('exit', (status) => {
      process.exitCode = status;
    });
  },
};

endings[isMainThread ? process.argv[2] : workerData]();
