/** The few rtnetlink requests the children send, for the loopback interface (index 1) of their own namespace. */
export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const NLM_F_REQUEST = 0x01;
const NLM_F_ACK = 0x04;
const NLM_F_DUMP = 0x300;
const NLM_F_CREATE = 0x400;
const IFA_LOCAL = 2;
const IFF_UP = 1;
const AF_INET = 2;

export function dumpLinks() {
  return request(RTM_GETLINK, NLM_F_DUMP, Buffer.alloc(16));
}

export function loopbackUp() {
  const body = Buffer.alloc(16);
  body.writeInt32LE(1, 4);
  body.writeUInt32LE(IFF_UP, 8);
  body.writeUInt32LE(IFF_UP, 12);
  return request(RTM_NEWLINK, NLM_F_ACK, body);
}

/** 10.0.x.y/32, of `number` */
export function addAddress(number) {
  const body = Buffer.alloc(16);
  body.set([AF_INET, 32, 0, 0]);
  body.writeUInt32LE(1, 4);
  body.writeUInt16LE(8, 8);
  body.writeUInt16LE(IFA_LOCAL, 10);
  body.set([10, 0, number >> 8, number & 0xff], 12);
  return request(RTM_NEWADDR, NLM_F_CREATE, body);
}

/** `number` of an RTM_NEWADDR that addAddress() caused, or null. */
export function addedNumber(message) {
  if (message.readUInt16LE(4) !== RTM_NEWADDR) return null;
  for (let offset = 24; offset < message.length; offset += (message.readUInt16LE(offset) + 3) & ~3) {
    if (message.readUInt16LE(offset + 2) === IFA_LOCAL) return message.readUInt16BE(offset + 6);
  }
  return null;
}

/** The types of all messages of one datagram. */
export function messageTypes(datagram) {
  const types = [];
  for (let offset = 0; offset < datagram.length; offset += (datagram.readUInt32LE(offset) + 3) & ~3) {
    types.push(datagram.readUInt16LE(offset + 4));
  }
  return types;
}

function request(type, flags, body) {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | flags, 6);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, body]);
}
