/** Makes a netlink socket lose messages, then shows that it goes on. */
import { openNetlink } from '#native';
import { addAddress, addedNumber } from './rtnetlink.mjs';

const RTNLGRP_IPV4_IFADDR = 5;
const last = 2_000;

const ignore = { onMessage() {}, onError() {} };
const options = { protocol: 0, extendedAck: true, strictChecking: true };
const sender = openNetlink({ ...options, groups: [], receiveBufferBytes: 0 }, ignore);
const errors = [];
const received = [];
const watcher = openNetlink(
  { ...options, groups: [RTNLGRP_IPV4_IFADDR], receiveBufferBytes: 4_096 },
  {
    onMessage(data) {
      received.push(addedNumber(data));
      if (received.at(-1) === last) finish();
    },
    onError({ name, code, errno, syscall, message }) {
      errors.push({ name, code, errno, syscall, message });
      // In a later turn: by then the socket has to be polled again without having been touched.
      setImmediate(() => sender.send(addAddress(last)));
    },
  },
);

// Nothing is read meanwhile: the buffer holds a few of them.
for (let number = 0; number < 200; number++) sender.send(addAddress(number));

function finish() {
  watcher.close();
  sender.close();
  process.stdout.write(JSON.stringify({ errors, receivedBefore: received.length - 1 }));
}
