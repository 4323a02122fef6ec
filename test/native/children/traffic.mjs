/** A worker's work: a unix datagram socket that writes to itself for ever, and one netlink dump after the other. */

import { parentPort, workerData } from 'node:worker_threads';
import { openNetlink, openUnixDatagram } from '#native';
import { dumpLinks, messageTypes, NLMSG_DONE } from './rtnetlink.mjs';

const path = `\0holdfast-traffic-${process.pid}-${workerData}`;
const ball = Buffer.alloc(100);
let seen = 0;
let dumps = 0;
const fail = (error) => {
  throw error;
};

const echo = openUnixDatagram(
  { path },
  {
    onMessage(data) {
      echo.send(data, { path });
      if (++seen === 100 || (seen > 100 && dumps === 1)) parentPort.postMessage('busy');
    },
    onError: fail,
  },
);
const links = openNetlink(
  { protocol: 0, groups: [1], extendedAck: true, strictChecking: true, receiveBufferBytes: 0 },
  {
    onMessage(data) {
      if (!messageTypes(data).includes(NLMSG_DONE)) return;
      dumps++;
      links.send(dumpLinks());
    },
    onError: fail,
  },
);
// Closed already, but their handles are still closing when the worker ends at once.
openUnixDatagram({ path: '' }, { onMessage() {}, onError: fail }).close();
for (let count = 0; count < 5; count++) echo.send(ball, { path });
links.send(dumpLinks());
