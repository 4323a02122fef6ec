/** Behind recvmsg-fails.c: receiving fails, comes back only later, and then works. */
import { openNetlink } from '#native';
import { dumpLinks, messageTypes, NLMSG_DONE } from './rtnetlink.mjs';

const codes = [];
const startedAt = performance.now();
const startedCpu = process.cpuUsage();
const socket = openNetlink(
  { protocol: 0, groups: [], extendedAck: false, strictChecking: false, receiveBufferBytes: 0 },
  {
    onMessage(data) {
      if (!messageTypes(data).includes(NLMSG_DONE)) return;
      socket.close();
      const { user, system } = process.cpuUsage(startedCpu);
      const elapsedMs = performance.now() - startedAt;
      process.stdout.write(JSON.stringify({ codes, elapsedMs, cpuMs: (user + system) / 1_000 }));
    },
    onError(error) {
      codes.push(error.code);
    },
  },
);
socket.send(dumpLinks());
