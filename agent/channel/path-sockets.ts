/**
 * UDP sockets of the engine: one bound to each path's address, without address reuse so that a second agent on one
 * address is found out; and one for what comes by multicast, joined on every path.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { IpAddress } from '../config/config.ts';
import { ChannelError } from './channel-error.ts';

export type PathSocketOptions = {
  readonly paths: readonly IpAddress[];
  readonly port: number;
  readonly multicast: IpAddress | null;
};

export type SocketHandlers = {
  /** @param path `null`: by multicast, which does not tell */
  onFrame(frame: Uint8Array, address: string, path: number | null): void;
  /** The kernel refused to send: EPERM, ENETUNREACH, … */
  onSendError(error: NodeJS.ErrnoException): void;
};

/** A burst of fragments from many members at once; the kernel caps it at rmem_max. */
const receiveBufferBytes = 1024 * 1024;

export class PathSockets {
  readonly #port: number;
  readonly #multicast: IpAddress | null;
  readonly #paths: readonly Socket[];
  readonly #all: readonly Socket[];
  readonly #onSendError: SocketHandlers['onSendError'];

  constructor(options: PathSocketOptions, paths: readonly Socket[], all: readonly Socket[], handlers: SocketHandlers) {
    this.#port = options.port;
    this.#multicast = options.multicast;
    this.#paths = paths;
    this.#all = all;
    this.#onSendError = handlers.onSendError;
  }

  /** Nothing happens without such a path. */
  send(path: number, address: string, frame: Uint8Array): void {
    this.#paths[path]?.send(frame, this.#port, address, (error) => {
      if (error !== null) this.#onSendError(error);
    });
  }

  multicast(path: number, frame: Uint8Array): void {
    if (this.#multicast !== null) this.send(path, this.#multicast, frame);
  }

  close(): void {
    for (const socket of this.#all) socket.close();
  }
}

/** @throws ChannelError with every socket closed that was open already */
export async function openPathSockets(options: PathSocketOptions, handlers: SocketHandlers): Promise<PathSockets> {
  const { paths, port, multicast } = options;
  const opened: Socket[] = [];
  try {
    const pathSockets: Socket[] = [];
    for (const [path, address] of paths.entries()) {
      const socket = await bind(withScope(address), port, false, opened);
      socket.on('message', (frame, from) => handlers.onFrame(frame, from.address, path));
      if (multicast !== null && isIPv6(multicast) === isIPv6(address)) prepareMulticast(socket, address);
      pathSockets.push(socket);
    }
    if (multicast !== null) await openMulticast(options, multicast, handlers, opened);
    return new PathSockets(options, pathSockets, opened, handlers);
  } catch (error) {
    for (const socket of opened) socket.close();
    throw error;
  }
}

/** IPv4: one socket that joins on every path. IPv6: a group is bound with its link, so one for each path, which it tells. */
async function openMulticast(
  { paths, port }: PathSocketOptions,
  multicast: IpAddress,
  handlers: SocketHandlers,
  opened: Socket[],
): Promise<void> {
  const joining = [...paths.entries()].filter(([, address]) => isIPv6(address) === isIPv6(multicast));
  if (isIPv6(multicast)) {
    for (const [path, address] of joining) {
      const socket = await bind(`${multicast}%${interfaceOf(address) ?? ''}`, port, true, opened);
      socket.on('message', (frame, from) => handlers.onFrame(frame, from.address, path));
      socket.addMembership(multicast, interfaceArgument(address));
    }
    return;
  }
  const socket = await bind(multicast, port, true, opened);
  socket.on('message', (frame, from) => handlers.onFrame(frame, from.address, null));
  for (const [, address] of joining) socket.addMembership(multicast, interfaceArgument(address));
}

async function bind(address: string, port: number, reuseAddr: boolean, opened: Socket[]): Promise<Socket> {
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    reuseAddr,
    ipv6Only: family === 6,
    recvBufferSize: receiveBufferBytes,
    // Every address here is numeric: answering at once spares each datagram a turn of the event loop.
    lookup: (host, _options, done) => done(null, host, family),
  });
  opened.push(socket);
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(new ChannelError(error.code ?? 'unknown', address, port, { cause: error }));
    socket.once('error', refuse);
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', refuse);
      resolve();
    });
  });
  return socket;
}

function prepareMulticast(socket: Socket, address: IpAddress): void {
  socket.setMulticastInterface(interfaceArgument(address));
  socket.setMulticastTTL(1);
  socket.setMulticastLoopback(false);
}

/** IPv4 names an interface by an address of it, IPv6 by its scope. */
function interfaceArgument(address: IpAddress): string {
  return isIPv6(address) ? `::%${interfaceOf(address) ?? ''}` : address;
}

/** A link-local address means nothing without its interface. */
function withScope(address: IpAddress): string {
  const name = /^fe[89ab]/i.test(address) ? interfaceOf(address) : undefined;
  return name === undefined ? address : `${address}%${name}`;
}

function interfaceOf(address: IpAddress): string | undefined {
  return Object.entries(networkInterfaces()).find(([, list]) => list?.some((entry) => entry.address === address))?.[0];
}
