/** Pings the loopback addresses. */
import { openNetlink, openRaw } from '#native';
import { loopbackUp } from './rtnetlink.mjs';

const echoes = {
  4: { address: '127.0.0.1', protocol: 1, request: 8, reply: 0, header: 20 },
  6: { address: '::1', protocol: 58, request: 128, reply: 129, header: 0 },
};
const payload = Buffer.from('holdfast');

const link = openNetlink(
  { protocol: 0, groups: [], extendedAck: false, strictChecking: false, receiveBufferBytes: 0 },
  {
    onMessage() {
      link.close();
      void start();
    },
    onError(error) {
      throw error;
    },
  },
);
link.send(loopbackUp());

async function start() {
  const replies = {};
  for (const family of [4, 6]) replies[family] = await echo(family);
  process.stdout.write(JSON.stringify(replies));
}

/** What a socket for replies and one for all types receive of one request and its reply. */
function echo(family) {
  const { address, protocol, request, reply, header } = echoes[family];
  const seen = { replies: [], everything: [] };
  const open = (types, lines) =>
    openRaw(
      { family, protocol, types },
      {
        onMessage(data, from) {
          lines.push(`${data[header]} from ${from.address}: ${data.subarray(header + 8)}`);
          if (seen.replies.length > 0 && seen.everything.length > 1) finish();
        },
        onError(error) {
          throw error;
        },
      },
    );
  const sockets = [open([3, reply, 13], seen.replies), open([], seen.everything)];
  const message = Buffer.concat([Buffer.from([request, 0, 0, 0, 0, 7, 0, 1]), payload]);
  message.writeUInt16BE(checksum(message), 2); // the kernel writes its own into ICMPv6
  sockets[0].send(message, { address });
  let finish;
  return new Promise((resolve) => {
    finish = () => {
      for (const socket of sockets) socket.close();
      resolve(seen);
    };
  });
}

/** RFC 1071 */
function checksum(bytes) {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += bytes.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
