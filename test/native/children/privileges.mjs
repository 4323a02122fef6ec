/** What each privileged call gives: its result, or the error's fields. */

import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { effectiveCapabilities, lockMemory, openPacket, openRaw, setThreadRealtime } from '#native';

const ignore = { onMessage() {}, onError() {} };

function attempt(action) {
  try {
    action();
    return 'done';
  } catch ({ name, code, errno, syscall, message }) {
    return { name, code, errno, syscall, message };
  }
}

const opened = (open) => attempt(() => open().close());

/** The kernel's word on the thread that asks: its real-time priority, and its policy (sched(7): 0 other, 2 round-robin). */
function scheduling(thread = '/proc/thread-self') {
  const fields = readFileSync(`${thread}/stat`, 'utf8').split(') ')[1].split(' ');
  return { priority: Number(fields[37]), policy: Number(fields[38]) };
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.once('message', (realtime) => {
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    process.stdout.write(
      JSON.stringify({
        capabilities: effectiveCapabilities().toString(16),
        kernelSaysCapabilities: BigInt(`0x${/CapEff:\s+(\w+)/.exec(status)[1]}`).toString(16),
        packet: opened(() => openPacket({ interfaceIndex: 1, etherType: 3, filter: [], outgoing: false }, ignore)),
        missingInterface: opened(() =>
          openPacket({ interfaceIndex: 9_999, etherType: 3, filter: [], outgoing: false }, ignore),
        ),
        raw: opened(() => openRaw({ family: 4, protocol: 1, types: [] }, ignore)),
        realtime,
        mainThread: scheduling(),
        memory: attempt(lockMemory),
        lockedKiB: Number(/VmLck:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
      }),
    );
  });
} else {
  const outcome = attempt(() => setThreadRealtime({ priority: 7 }));
  const raised = attempt(() => setThreadRealtime({ priority: 3, thread: process.pid }));
  const main = scheduling(`/proc/self/task/${process.pid}`);
  attempt(() => setThreadRealtime({ priority: 0, thread: process.pid }));
  parentPort.postMessage({ outcome, thread: scheduling(), raised, main });
}
