/** Queues more datagrams than one batch and counts how many come before the loop gets on. */
import { openNetlink } from '#native';
import { addAddress, addedNumber } from './rtnetlink.mjs';

const RTNLGRP_IPV4_IFADDR = 5;
const count = 300;

const options = { protocol: 0, extendedAck: false, strictChecking: false };
const sender = openNetlink({ ...options, groups: [], receiveBufferBytes: 0 }, { onMessage() {}, onError() {} });
const batches = [0];
const order = [];
const watcher = openNetlink(
  { ...options, groups: [RTNLGRP_IPV4_IFADDR], receiveBufferBytes: 200_000 },
  {
    onMessage(data) {
      order.push(addedNumber(data));
      batches.push(batches.pop() + 1);
      if (order.length < count) return;
      watcher.close();
      sender.close();
    },
    onError(error) {
      throw error;
    },
  },
);
for (let number = 0; number < count; number++) sender.send(addAddress(number));

setImmediate(function nextTurn() {
  if (order.length < count) {
    batches.push(0);
    setImmediate(nextTurn);
    return;
  }
  const inOrder = order.every((number, index) => number === index);
  process.stdout.write(JSON.stringify({ inOrder, largest: Math.max(...batches) }));
});
