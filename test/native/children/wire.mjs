/** Two ends of a virtual wire in this process's own network namespace, and Ethernet frames for it. */
import { execFileSync } from 'node:child_process';

/** IEEE 802 local experimental: nobody else sends it. */
export const etherType = 0x88b5;

export const mac = { left: '02:00:00:00:00:01', right: '02:00:00:00:00:02' };

/** @returns the interface indexes of both ends, which are up */
export function makeWire() {
  ip(`link add left address ${mac.left} type veth peer name right address ${mac.right}`);
  for (const end of ['left', 'right']) ip(`link set ${end} up`);
  return { left: indexOf('left'), right: indexOf('right') };
}

export function ip(command) {
  execFileSync('ip', command.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A frame of the shortest length whose payload begins with `tag`. */
export function frame(destination, source, tag) {
  const bytes = Buffer.alloc(60);
  bytes.set(destination.split(':').map((digits) => Number.parseInt(digits, 16)));
  bytes.set(
    source.split(':').map((digits) => Number.parseInt(digits, 16)),
    6,
  );
  bytes.writeUInt16BE(etherType, 12);
  bytes[14] = tag;
  return bytes;
}

export const tagOf = (bytes) => bytes[14];

/** Not from /sys, which shows the namespace it was mounted in. */
function indexOf(name) {
  return Number.parseInt(execFileSync('ip', ['-oneline', 'link', 'show', name], { encoding: 'utf8' }), 10);
}
