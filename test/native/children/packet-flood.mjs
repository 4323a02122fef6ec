/** Opens sockets whose filter refuses everything while a thread floods the wire: how many frames come through. */
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { openPacket } from '#native';
import { etherType, frame, mac, makeWire } from './wire.mjs';

const refuseAll = [[0x06, 0, 0, 0]];
const ignore = { onMessage() {}, onError() {} };

if (isMainThread) {
  const wire = makeWire();
  const flood = new Worker(new URL(import.meta.url), { workerData: wire.right });
  const options = { etherType, interfaceIndex: wire.left, outgoing: false };
  // The flood is on as soon as an unfiltered socket sees it.
  await new Promise((resolve, reject) => {
    const socket = openPacket(
      { ...options, filter: [] },
      { onMessage: () => resolve(socket.close()), onError: reject },
    );
  });
  let received = 0;
  for (let count = 0; count < 60; count++) {
    const handlers = { onMessage: () => received++, onError() {} };
    const socket = openPacket({ ...options, filter: refuseAll }, handlers);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    socket.close();
  }
  flood.terminate();
  await once(flood, 'exit');
  process.stdout.write(JSON.stringify({ received }));
} else {
  const socket = openPacket({ etherType: 0, interfaceIndex: workerData, filter: [], outgoing: false }, ignore);
  const bytes = frame(mac.left, mac.right, 1);
  for (;;) socket.send(bytes);
}
