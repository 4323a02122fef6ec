/** Sends frames of every kind along a wire: what several sockets see of them. */
import { openPacket } from '#native';
import { etherType, frame, mac, makeWire, tagOf } from './wire.mjs';

const ETH_P_ALL = 3;
const BPF_LD_H_ABS = 0x28;
const BPF_LD_B_ABS = 0x30;
const BPF_AND_K = 0x54;
const BPF_JEQ_K = 0x15;
const BPF_RET_K = 0x06;
const accept = [BPF_RET_K, 0, 0, 0xffffffff];
const refuse = [BPF_RET_K, 0, 0, 0];
const evenTags = [[BPF_LD_B_ABS, 0, 0, 14], [BPF_AND_K, 0, 0, 1], [BPF_JEQ_K, 0, 1, 0], accept, refuse];
/** For sockets that would also see what the kernel itself sends. */
const ours = [[BPF_LD_H_ABS, 0, 0, 12], [BPF_JEQ_K, 0, 1, etherType], accept, refuse];

const broadcast = 'ff:ff:ff:ff:ff:ff';
const destinations = [broadcast, '01:00:5e:00:00:12', mac.right, '02:00:00:00:00:99'];
const last = 5;
/** The tag of the last frame that a socket receives. */
const finals = { everything: 4, filtered: 4, anyInterface: 5, bothWays: 5, incoming: 5 };

const wire = makeWire();
const left = { etherType: ETH_P_ALL, interfaceIndex: wire.left, filter: ours };
const right = { etherType, interfaceIndex: wire.right, filter: [], outgoing: false };
const seen = {};
const sockets = {
  everything: listen('everything', right),
  filtered: listen('filtered', { ...right, filter: evenTags }),
  anyInterface: listen('anyInterface', { ...right, interfaceIndex: 0 }),
  bothWays: listen('bothWays', { ...left, outgoing: true }),
  incoming: listen('incoming', { ...left, outgoing: false }),
  sendOnly: listen('sendOnly', { etherType: 0, interfaceIndex: wire.left, filter: [], outgoing: true }),
};
for (const [tag, destination] of destinations.entries()) sockets.sendOnly.send(frame(destination, mac.left, tag));
// By a socket that is bound to no interface, and the other way along the wire.
sockets.anyInterface.send(frame(mac.right, mac.left, last - 1), { interfaceIndex: wire.left });
sockets.everything.send(frame(broadcast, mac.right, last), { interfaceIndex: wire.right });

function listen(name, options) {
  seen[name] = [];
  return openPacket(options, {
    onMessage(data, from) {
      const where = Object.keys(wire).find((end) => wire[end] === from.interfaceIndex);
      seen[name].push(`${tagOf(data)} ${from.packetType} at ${where}, ${data.length} bytes`);
      // Every socket has its own queue: the last frame of each has to be there.
      const done = Object.entries(finals).every(([socket, tag]) =>
        seen[socket].some((line) => line.startsWith(`${tag} `)),
      );
      if (done) finish();
    },
    onError(error) {
      throw error;
    },
  });
}

function finish() {
  for (const socket of Object.values(sockets)) socket.close();
  process.stdout.write(JSON.stringify(seen));
}
