/** The built-in engine: the membership protocol with a clock, sockets and seals. Knows nothing of threads. */
import { randomBytes, randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Host } from '../config/config.ts';
import { isCritical } from '../membership/detector.ts';
import { type Incarnation, incarnationOf } from '../membership/identity.ts';
import { createMember, type MemberEffect, type MemberEvent, type MemberState } from '../membership/member-state.ts';
import type { Heartbeat } from '../membership/message.ts';
import type { Route } from '../membership/peer.ts';
import { nextWakeup, step } from '../membership/step.ts';
import { type InstantMs, type MemberId, memberId, type ViewId } from '../membership/view.ts';
import { frameVersion } from '../wire/frame.ts';
import { decodeFrameBody, encodeFrameBody, type FrameBody } from '../wire/frame-body.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../wire/frame-message.ts';
import { type BuiltInOptions, ownPaths } from './built-in-options.ts';
import type { ChannelEvent, ChannelStatus, Obituary } from './channel.ts';
import { inOrder } from './effect-order.ts';
import { EngineRehearsals } from './engine-rehearsals.ts';
import { groupTagOf } from './frame-keys.ts';
import { lookIntervalMs } from './main-loop.ts';
import { openPathSockets, type PathSockets } from './path-sockets.ts';
import { PathWatch } from './path-watch.ts';
import { peerStatuses } from './peer-status.ts';
import { type RefusalReason, Refusals } from './refusals.ts';
import { FrameSealer } from './seal.ts';
import { FrameOpener } from './unseal.ts';
import { WakeupTimer } from './wakeup-timer.ts';

export type EngineHandlers = {
  onEvent(event: ChannelEvent): void;
  /** When that was asked, the view stood. */
  onConfirmed(question: number): void;
  /** It left or was refused; its sockets are closed. */
  onEnd(): void;
  /** Its timer ran, as it does at least every `lookIntervalMs`: for what else is due now and then, which needs no timer of its own. */
  onWakeup(now: InstantMs): void;
};

/** Different things worth saying once; more would be noise. */
const noticesMax = 16;
/** How often it is tried where somebody may be: who starts there speaks first anyway. */
const peerTryMs = 250;
/** How often an obituary is sent on each path. */
const obituaryRounds = 4;

export class BuiltInEngine {
  readonly self: MemberId;
  #options: BuiltInOptions;
  readonly #handlers: EngineHandlers;
  readonly #sealer: FrameSealer;
  readonly #opener: FrameOpener;
  readonly #refusals = new Refusals<RefusalReason>();
  readonly #notices = new Set<string>();
  readonly #pathWatch = new PathWatch();
  readonly #multicastPaths: ReadonlySet<number>;
  readonly #rehearsals = new EngineRehearsals(() => this.#state, now);
  readonly #timer = new WakeupTimer(now, () => this.#wake());
  #sockets: PathSockets | null = null;
  #state: MemberState;
  #peerRoutes: readonly Route[] = [];
  #peersTriedAt: InstantMs | null = null;

  constructor(options: BuiltInOptions, handlers: EngineHandlers) {
    const incarnation = randomBytes(16).toString('hex') as Incarnation; // 32 hex digits
    const groupTag = groupTagOf(options.group);
    this.self = memberId(options.self, incarnation);
    this.#options = options;
    this.#handlers = handlers;
    this.#sealer = new FrameSealer(incarnation, firstOf(options.keys), groupTag);
    this.#opener = new FrameOpener(incarnation, options.keys, groupTag);
    this.#multicastPaths = multicastPathsOf(options);
    this.#state = this.#newMember();
  }

  /** @throws ChannelError */
  async open(): Promise<void> {
    const { port, discovery } = this.#options;
    const multicast = discovery.kind === 'multicast' ? discovery.address : null;
    this.#sockets = await openPathSockets(
      { paths: ownPaths(this.#options), port, multicast },
      {
        onFrame: (frame, address, path) => this.#receive(frame, address, path),
        onSendError: (error) => this.notice(`Sending a heartbeat or message failed: ${error.message}`),
      },
    );
    this.#state = this.#newMember(); // it listens from now on
    this.#step({ kind: 'wakeup', now: now() });
  }

  /** At most 1 MiB. */
  send(view: ViewId, payload: Uint8Array): void {
    this.#step({ kind: 'send', now: now(), view, payload });
  }

  /** The first seals, all open. */
  rekey(keys: readonly Uint8Array[]): void {
    this.#opener.rekey(keys);
    this.#sealer.rekey(firstOf(keys));
  }

  /** Paths of this host stay what they are: their sockets are open. */
  changeHosts(hosts: readonly Host[]): void {
    this.#options = { ...this.#options, hosts };
  }

  /** Where members may be beside the hosts; those that are heard are known by their frames. */
  changePeers(routes: readonly Route[]): void {
    this.#peerRoutes = routes;
    this.#peersTriedAt = null;
  }

  /** The agent does not run: the others are to go on without it. */
  suspend(): void {
    this.#step({ kind: 'suspend', now: now() });
  }

  resume(): void {
    this.#step({ kind: 'resume', now: now() });
  }

  ask(question: number): void {
    this.#step({ kind: 'ask', now: now(), question });
  }

  spare(view: ViewId, members: readonly MemberId[]): void {
    this.#step({ kind: 'spare', now: now(), view, members });
  }

  leave(): void {
    this.#step({ kind: 'leave', now: now() });
  }

  /** Something for the operator, said once. */
  notice(text: string): void {
    if (this.#notices.size >= noticesMax || this.#notices.has(text)) return;
    this.#notices.add(text);
    this.#handlers.onEvent({ kind: 'notice', text });
  }

  status(): ChannelStatus {
    return {
      engine: 'built-in',
      level: frameVersion,
      peers: peerStatuses(this.#state, this.#options, now()),
      refused: this.#refusals.counts(),
      refusedFrom: this.#refusals.newestSenders(),
      notices: [...this.#notices],
    };
  }

  /** Each path has frames of its own, since whoever is reached on several takes each counter once. */
  obituary(): readonly Obituary[] {
    const paths = ownPaths(this.#options);
    const { port, discovery } = this.#options;
    const frames = this.#sealer.sealLast(encodeFrameBody({ kind: 'obituary' }), paths.length * obituaryRounds);
    return paths.map((source, path) => {
      const multicast = this.#multicastPaths.has(path) && discovery.kind === 'multicast';
      const destinations = multicast ? [discovery.address] : [...this.#addressesOn(path)];
      const own = frames.slice(path * obituaryRounds, (path + 1) * obituaryRounds);
      return { source, port, multicast, destinations, frames: own };
    });
  }

  #newMember(): MemberState {
    const { heartbeatMs, detectMs, hosts, peers, takeover } = this.#options;
    return createMember(
      {
        self: this.self,
        level: frameVersion,
        heartbeatMs,
        detectMs,
        expectedHosts: peers.length === 0 ? hosts.map((host) => host.name) : [], // there may be others
        asksFirst: takeover !== 'immediate',
        codec: { encode: encodeLinkMessage, decode: decodeLinkMessage },
        seed: randomInt(2 ** 32),
      },
      now(),
    );
  }

  #receive(frame: Uint8Array, address: string, path: number | null): void {
    if (this.#sockets === null) return; // one path is bound, another not yet
    const opened = this.#opener.open(frame, path ?? -1);
    if (opened.kind === 'own') return;
    if (opened.kind === 'refused') {
      this.#refusals.count(opened.reason, address);
      return;
    }
    const body = decodeFrameBody(opened.body);
    if (typeof body === 'string') this.#refusals.count(body, address);
    else this.#take(body, opened.sender, address, path);
  }

  #take(body: FrameBody, sender: Incarnation, address: string, path: number | null): void {
    if (body.kind === 'obituary') {
      this.#step({ kind: 'obituary', now: now(), from: sender });
      return;
    }
    if (body.kind !== 'heartbeat') {
      if (body.to !== this.#state.incarnation) {
        this.#refusals.count('other-run', address);
        return;
      }
      this.#step({ kind: 'datagram', now: now(), from: sender, datagram: body, route: { path: path ?? 0, address } });
      return;
    }
    if (incarnationOf(body.heartbeat.member) !== sender) {
      this.#refusals.count('wrong-sender', address);
      return;
    }
    // Paths of one number are one network; multicast tells only the sender's.
    const route = { path: path ?? (this.#multicastPaths.has(body.path) ? body.path : 0), address };
    this.#step({ kind: 'heartbeat', now: now(), heartbeat: body.heartbeat, route });
  }

  #step(event: MemberEvent): void {
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    for (const effect of inOrder(effects)) this.#carryOut(effect);
    this.#arm();
  }

  #carryOut(effect: MemberEffect): void {
    switch (effect.kind) {
      case 'broadcast-heartbeat':
        this.#broadcast(effect.heartbeat);
        break;
      case 'send-heartbeat':
        this.#sendTo(effect.route, { kind: 'heartbeat', path: effect.route.path, heartbeat: effect.heartbeat });
        break;
      case 'send-datagram':
        this.#sendTo(effect.route, effect.datagram);
        break;
      case 'confirmed':
        this.#handlers.onConfirmed(effect.question);
        break;
      case 'suspects':
        this.#handlers.onEvent(effect);
        this.#rehearsals.suspect(effect.members);
        break;
      case 'view':
        this.#handlers.onEvent(effect);
        this.#rehearsals.viewInstalled();
        break;
      case 'stalled':
      case 'apart':
      case 'deliver':
        this.#handlers.onEvent(effect);
        break;
      case 'unknown-message':
        this.#refusals.count('unknown-message', effect.address);
        break;
      case 'refused': {
        const taken = `another live agent at ${effect.address} has the host name ${this.#options.self}`;
        this.#handlers.onEvent({ kind: 'refused', reason: `Cannot join group ${this.#options.group}: ${taken}` });
        this.#end();
        break;
      }
      case 'left':
        this.#end();
        break;
    }
  }

  /** One frame a path, the same for all who are reached by it. */
  #broadcast(heartbeat: Heartbeat): void {
    const searched = this.#peersDue();
    for (const path of ownPaths(this.#options).keys()) {
      const frame = this.#sealer.seal(encodeFrameBody({ kind: 'heartbeat', path, heartbeat }));
      if (this.#multicastPaths.has(path)) this.#sockets?.multicast(path, frame);
      else {
        const addresses = this.#addressesOn(path);
        for (const address of addresses) this.#sockets?.send(path, address, frame);
        for (const route of searched) if (route.path === path) this.#sockets?.send(path, route.address, frame);
      }
    }
  }

  /** Where nobody is known to be, if it is time to try. */
  #peersDue(): readonly Route[] {
    const at = now();
    if (this.#peerRoutes.length === 0) return [];
    if (this.#peersTriedAt !== null && at - this.#peersTriedAt < peerTryMs) return [];
    this.#peersTriedAt = at;
    const known = new Set<string>(this.#options.hosts.flatMap((host) => host.paths));
    for (const peer of this.#state.peers) if (!peer.gone) for (const route of peer.routes) known.add(route.address);
    return this.#peerRoutes.filter(({ address }) => !known.has(address));
  }

  /** Of the hosts in the file, and of peers that are not in it but came with a key of the group. */
  #addressesOn(path: number): ReadonlySet<string> {
    const own = ownPaths(this.#options)[path] ?? '';
    const addresses = new Set<string>();
    for (const host of this.#options.hosts) {
      const address = host.paths[path];
      if (address !== undefined && address !== own && isIPv6(address) === isIPv6(own)) addresses.add(address);
    }
    for (const peer of this.#state.peers) {
      if (peer.gone) continue;
      for (const route of peer.routes) if (route.path === path) addresses.add(route.address);
    }
    return addresses;
  }

  #sendTo(route: Route, body: FrameBody): void {
    this.#sockets?.send(route.path, route.address, this.#sealer.seal(encodeFrameBody(body)));
  }

  #arm(): void {
    const due = nextWakeup(this.#state);
    if (due === null || this.#sockets === null) return;
    this.#timer.set(due, lookIntervalMs(this.#options.hangMs), isCritical(this.#state, due));
  }

  #wake(): void {
    this.#handlers.onWakeup(now());
    this.#tellPaths();
    this.#step({ kind: 'wakeup', now: now() });
    this.#rehearsals.look();
  }

  #tellPaths(): void {
    const at = now();
    const changes = this.#pathWatch.look(() => peerStatuses(this.#state, this.#options, at), at);
    for (const { host, address, lost } of changes) this.#handlers.onEvent({ kind: 'path', host, address, lost });
  }

  #end(): void {
    this.#timer.clear();
    this.#rehearsals.close();
    this.#sockets?.close();
    this.#sockets = null;
    this.#handlers.onEnd();
  }
}

function firstOf(keys: readonly Uint8Array[]): Uint8Array {
  const [first] = keys;
  if (first === undefined) throw new RangeError('The key ring is empty');
  return first;
}

function multicastPathsOf(options: BuiltInOptions): ReadonlySet<number> {
  const { discovery } = options;
  if (discovery.kind === 'hosts') return new Set();
  const family = isIPv6(discovery.address);
  return new Set([...ownPaths(options).entries()].filter(([, own]) => isIPv6(own) === family).map(([path]) => path));
}

/** CLOCK_MONOTONIC, the same in every thread (performance.now() is not). */
function now(): InstantMs {
  return (Number(process.hrtime.bigint()) / 1e6) as InstantMs; // nanoseconds to milliseconds
}
