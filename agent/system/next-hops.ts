/**
 * The routers that this host's routes name, from the kernel's main table. A router may have a million routes: they are read over a socket of
 * their own, which is closed when there are enough, and the kernel then goes no further.
 */
import { type NativeSocket, openNetlink } from '#native';
import { decodeMessages, encodeMessage, netlinkFlags, netlinkTypes } from '../wire/netlink.ts';
import { routeTypes } from '../wire/rtnetlink.ts';
import { decodeNextHops, encodeRouteDump } from '../wire/rtnetlink-route.ts';

/** Of an interface and an IP version. More next hops on one segment are an exchange point, and each is told of each address. */
export const nextHopsMax = 64;
/** Looked at for them; some 400 KB of answers. */
const routesMax = 4096;
const answerMsMax = 1_000;
const netlinkRoute = 0;

/**
 * @returns the gateways of the IP version's routes out of the interface, each once, in the kernel's order: the default route first. Those that
 * came, where the kernel refused or was late: the network is told without them as well.
 */
export function readNextHops(family: 4 | 6, interfaceIndex: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const gateways = new Set<string>();
    let routes = 0;
    const read = (datagram: Uint8Array): 'more' | 'over' => {
      const decoded = decodeMessages(datagram);
      if (decoded.kind === 'refused') return 'over';
      for (const { type, body } of decoded.messages) {
        if (type === netlinkTypes.done || type === netlinkTypes.error) return 'over';
        if (type !== routeTypes.newRoute) continue;
        routes += 1;
        const hops = decodeNextHops(body, interfaceIndex);
        if (hops.kind === 'next-hops') for (const gateway of hops.gateways) gateways.add(gateway);
        if (routes >= routesMax || gateways.size >= nextHopsMax) return 'over';
      }
      return 'more';
    };
    let socket: NativeSocket | null = null;
    const end = () => {
      clearTimeout(timer);
      socket?.close();
      resolve([...gateways].slice(0, nextHopsMax));
    };
    const timer = setTimeout(end, answerMsMax).unref();
    const body = encodeRouteDump(family, interfaceIndex);
    const flags = netlinkFlags.request | netlinkFlags.dump;
    const request = encodeMessage({ type: routeTypes.getRoute, flags, sequence: 1, portId: 0, body });
    try {
      socket = openRoutes((datagram) => (read(datagram) === 'over' ? end() : undefined), end);
      socket.send(request);
    } catch {
      end();
    }
  });
}

function openRoutes(onDatagram: (datagram: Uint8Array) => void, onError: () => void): NativeSocket {
  const socket = openNetlink(
    { protocol: netlinkRoute, groups: [], extendedAck: true, strictChecking: true, receiveBufferBytes: 0 },
    {
      onMessage(data, from) {
        if (from.address === kernelPort) onDatagram(data);
      },
      onError,
    },
  );
  socket.unref();
  return socket;
}

const kernelPort = '0';
