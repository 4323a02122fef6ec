/** What goes between the TCP prober, a process in the client's namespace, and whoever started it: a JSON object a line. */
import type { AddressReport } from './probe-protocol.ts';

/** Of the service on the hosts. */
export const tcpPort = 7777;

/** Probes sent from the one instant (monotonic ms) to the other count. The report comes when the fate of the last is known. */
export type TcpProberCommand =
  | { readonly kind: 'begin'; readonly atMs: number }
  | { readonly kind: 'end'; readonly atMs: number };

export type TcpProberMessage =
  /** The kept connection answers. */
  { readonly kind: 'started' } | { readonly kind: 'report'; readonly report: TcpReport };

export type TcpReport = {
  /** New connections, one after the other: a probe is answered when the service has sent back what it was sent on one. */
  readonly connections: AddressReport;
  /** Requests on one connection that is kept for as long as it lives, and made again when it broke. */
  readonly requests: AddressReport;
  /** How often the kept connection broke. */
  readonly broken: number;
};

/** Between two new connections. */
export const connectIntervalMs = 20;
/** Between two requests on the kept connection. */
export const requestIntervalMs = 10;
/** What is not answered within this is lost. */
export const tcpTimeoutMs = 1_000;
