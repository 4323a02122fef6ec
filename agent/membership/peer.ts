/** What a member knows of one other incarnation, in its view or not. */
import { routesMax } from './bounds.ts';
import type { Incarnation } from './identity.ts';
import { incarnationOf } from './identity.ts';
import { emptyLinkIn, type LinkIn } from './link-in.ts';
import { type LinkOut, openLinkOut } from './link-out.ts';
import type { Heartbeat } from './message.ts';
import { type HostName, hostOf, type InstantMs, type MemberId } from './view.ts';

/** A way to a peer: one of our paths and the address it was heard from there. */
export type Route = { readonly path: number; readonly address: string };

export type HeardRoute = Route & { readonly heardAt: InstantMs };

export type Peer = {
  readonly member: MemberId;
  readonly incarnation: Incarnation;
  readonly host: HostName;
  /** The newest heartbeat. */
  readonly report: Heartbeat;
  /** `report.hears` for looking up; the same object as long as nothing changes. */
  readonly hears: ReadonlySet<Incarnation>;
  readonly firstHeardAt: InstantMs;
  readonly heardAt: InstantMs;
  /** Its patience ran out since. */
  readonly silent: boolean;
  /** It said goodbye, or another run of its host took its place. Final. */
  readonly gone: boolean;
  /** Until then it is left out of views because its link made no progress. */
  readonly shunnedUntil: InstantMs | null;
  /** How often it was shunned; decides how long the next time lasts. */
  readonly shunned: number;
  /** Sorted by path, then address. */
  readonly routes: readonly HeardRoute[];
  /** When a heartbeat was last sent to it alone. */
  readonly answeredAt: InstantMs | null;
  readonly out: LinkOut;
  readonly in: LinkIn;
};

export function newPeer(report: Heartbeat, route: Route, now: InstantMs): Peer {
  return {
    member: report.member,
    incarnation: incarnationOf(report.member),
    host: hostOf(report.member),
    report,
    hears: new Set(report.hears),
    firstHeardAt: now,
    heardAt: now,
    silent: false,
    gone: false,
    shunnedUntil: null,
    shunned: 0,
    routes: withRoute([], route, now),
    answeredAt: null,
    out: openLinkOut(now, null),
    in: emptyLinkIn,
  };
}

export function changedPeer(peer: Peer, change: Partial<Peer>): Peer {
  return Object.assign(copyOfPeer(peer), change);
}

/** A copy to be changed before anybody else sees it, where `Object.assign` would take longer than the copy. Written out: see `copyOfState`. */
export function copyOfPeer(peer: Peer): { -readonly [Part in keyof Peer]: Peer[Part] } {
  return {
    member: peer.member,
    incarnation: peer.incarnation,
    host: peer.host,
    report: peer.report,
    hears: peer.hears,
    firstHeardAt: peer.firstHeardAt,
    heardAt: peer.heardAt,
    silent: peer.silent,
    gone: peer.gone,
    shunnedUntil: peer.shunnedUntil,
    shunned: peer.shunned,
    routes: peer.routes,
    answeredAt: peer.answeredAt,
    out: peer.out,
    in: peer.in,
  };
}

/** Nobody reads any more what waits for it. */
export function gonePeer(peer: Peer, now: InstantMs): Peer {
  return changedPeer(peer, { gone: true, out: openLinkOut(now, peer.out) });
}

/** This member tells the others that it hears the peer. */
export function isHeard(peer: Peer): boolean {
  return !peer.silent && !peer.gone && peer.shunnedUntil === null && !peer.report.leaving;
}

/** May be in one view with this member: each hears the other. */
export function isMutual(peer: Peer, self: Incarnation): boolean {
  return isHeard(peer) && peer.hears.has(self);
}

export function withRoute(routes: readonly HeardRoute[], route: Route, now: InstantMs): readonly HeardRoute[] {
  const heard = { path: route.path, address: route.address, heardAt: now };
  const [only] = routes;
  if (routes.length === 1 && only !== undefined && isSame(only, route)) return [heard];
  const index = routes.findIndex((known) => isSame(known, route));
  if (index >= 0) return routes.with(index, heard);
  const kept = routes.length < routesMax ? routes : withoutLongestUnheard(routes);
  return [...kept, heard].sort((a, b) => a.path - b.path || (a.address < b.address ? -1 : 1));
}

function isSame(a: Route, b: Route): boolean {
  return a.path === b.path && a.address === b.address;
}

/** The first route that still carries heartbeats; the next ones in turn at every further try. */
export function routeFor(peer: Peer, tries: number, patienceMs: number, now: InstantMs): Route | undefined {
  if (peer.routes.length === 1) return peer.routes[0];
  const fresh = peer.routes.filter((route) => now - route.heardAt < patienceMs);
  const usable = fresh.length > 0 ? fresh : peer.routes;
  return usable[tries % usable.length];
}

function withoutLongestUnheard(routes: readonly HeardRoute[]): readonly HeardRoute[] {
  const oldest = routes.reduce((a, b) => (b.heardAt < a.heardAt ? b : a));
  return routes.filter((route) => route !== oldest);
}
