/** The kernel's networking, over rtnetlink: requests with answers, dumps, and what the kernel says unasked. */
import { openNetlink } from '#native';
import { decodeMessages, type NetlinkMessage } from '../wire/netlink.ts';
import { routeGroups } from '../wire/rtnetlink.ts';
import type { NetlinkError } from './netlink-error.ts';
import { deafToPort } from './port-filter.ts';
import { RouteOrders } from './route-orders.ts';
import { type RouteRequest, RouteRequests, type RouteResult } from './route-requests.ts';

export type { RouteRequest, RouteResult } from './route-requests.ts';

export type RouteSocket = {
  request(request: RouteRequest): Promise<RouteResult>;
  /** In order, many in one system call; one result each, in the same order. */
  requests(requests: readonly RouteRequest[]): Promise<readonly RouteResult[]>;
  /** As `requests`, for what changes nothing that anybody here listens for: no notifications of it come. Null, or why not. */
  orders(requests: readonly RouteRequest[]): Promise<readonly (NetlinkError | null)[]>;
  /** A dump that is consistent in itself. */
  dump(request: RouteRequest): Promise<RouteResult>;
  /** Every change of a link or an address, ours included. Returns the function that ends it. */
  onNotification(listener: (message: NetlinkMessage) => void): () => void;
  /** Notifications were lost: what was built from them has to be dumped again. */
  onResync(listener: () => void): () => void;
  /** What is still open fails with ECANCELED. */
  close(): void;
};

export type RouteSocketOptions = {
  /** Of the socket for notifications; more than the kernel allows is cut silently. */
  readonly notificationBufferBytes?: number;
};

/** Some 2,000 notifications: all addresses of the largest pool at once. */
const defaultNotificationBufferBytes = 4 * 1024 * 1024;
const answerBufferBytes = 1024 * 1024;
const netlinkRoute = 0;

/** @throws NativeError where the kernel gives no netlink socket */
export function openRouteSocket(options: RouteSocketOptions = {}): RouteSocket {
  const notificationListeners = new Set<(message: NetlinkMessage) => void>();
  const resyncListeners = new Set<() => void>();
  const resync = () => {
    for (const listener of resyncListeners) listener();
  };
  const common = { protocol: netlinkRoute, extendedAck: true, strictChecking: true } as const;

  const requests = new RouteRequests(
    (datagram) => answers.send(datagram),
    (answersMax) => answers.receive(answersMax),
  );
  const answers = openNetlink(
    { ...common, groups: [], receiveBufferBytes: answerBufferBytes },
    {
      onMessage(data, from) {
        if (from.address === kernelPort) requests.receive(data);
      },
      // Cannot overflow, as requests in flight are bounded; whoever lost an answer runs into the deadline.
      onError() {},
    },
  );
  const orders = new RouteOrders((datagram) => quiet.send(datagram));
  const quiet = openNetlink(
    { ...common, groups: [], receiveBufferBytes: answerBufferBytes },
    {
      onMessage(data, from) {
        if (from.address === kernelPort) orders.receive(data);
      },
      onError() {}, // likewise
    },
  );
  const notifications = openNetlink(
    {
      ...common,
      filter: deafToPort(quiet.portId),
      groups: [routeGroups.link, routeGroups.ipv4Address, routeGroups.ipv6Address],
      receiveBufferBytes: options.notificationBufferBytes ?? defaultNotificationBufferBytes,
    },
    {
      onMessage(data, from) {
        if (from.address !== kernelPort) return; // any process may write to a netlink socket
        const decoded = decodeMessages(data);
        if (decoded.kind === 'refused') return resync();
        for (const message of decoded.messages) for (const listener of notificationListeners) listener(message);
      },
      onError: resync,
    },
  );

  return {
    async request(request) {
      const [result] = await requests.requests([request]);
      if (result === undefined) throw new Error('one request has one result');
      return result;
    },
    requests: (list) => requests.requests(list),
    orders: (list) => orders.orders(list),
    dump: (request) => requests.dump(request),
    onNotification: (listener) => subscribe(notificationListeners, listener),
    onResync: (listener) => subscribe(resyncListeners, listener),
    close() {
      for (const socket of [answers, quiet, notifications]) socket.close();
      requests.close();
      orders.close();
    },
  };
}

const kernelPort = '0';

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
