/** Takes a packet socket's link down and up again. */
import { openPacket } from '#native';
import { etherType, frame, ip, mac, makeWire, tagOf } from './wire.mjs';

const wire = makeWire();
const options = { etherType, filter: [], outgoing: false };
const events = [];
const receiver = openPacket(
  { ...options, interfaceIndex: wire.left },
  {
    onMessage(data) {
      events.push(tagOf(data));
      if (tagOf(data) === 1) {
        // Not in this handler: the error has to wake an idle socket.
        if (events.length === 1) setImmediate(() => ip('link set left down'));
        return;
      }
      clearInterval(sending);
      receiver.close();
      sender.close();
      process.stdout.write(JSON.stringify(events));
    },
    onError({ code, syscall, message }) {
      events.push({ code, syscall, message });
      ip('link set left up');
      tag = 2;
    },
  },
);
const sender = openPacket({ ...options, interfaceIndex: wire.right }, { onMessage() {}, onError() {} });

// Again and again, because a wire that comes up loses frames until its carrier is there.
let tag = 1;
const sending = setInterval(() => {
  try {
    sender.send(frame(mac.left, mac.right, tag));
  } catch (error) {
    if (error.code !== 'ENETDOWN') throw error;
  }
}, 5);
