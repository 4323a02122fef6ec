/**
 * A group as a value, and what may happen to it next. Nothing is random and nothing is timed: each host has a clock of its own, and
 * what is on its way arrives before or after anything else.
 */
import { compareMaybeViewIds, type Incarnation, incarnationOf } from '../../agent/membership/identity.ts';
import type { Heartbeat, LinkDatagram } from '../../agent/membership/message.ts';
import type { Peer } from '../../agent/membership/peer.ts';
import type { HostName } from '../../agent/membership/view.ts';
import type { Action, Budget } from './action.ts';
import { emptyHistory, type History, remember } from './history.ts';
import {
  type Doing,
  dead,
  type Happening,
  type ModelAgent,
  type Node,
  type NodeOptions,
  newNode,
  started,
  type Turned,
  turned,
  wakeupOf,
} from './node.ts';
import { checkStep } from './promises.ts';

export type Datagram = { readonly from: Incarnation; readonly datagram: LinkDatagram };

export type World = {
  readonly options: NodeOptions;
  /** In the order of their names. */
  readonly nodes: readonly Node[];
  /** On their way, by link `from>to`: the newest of each, since an older one is no news once that one is there. */
  readonly heartbeats: ReadonlyMap<string, Heartbeat>;
  /** In order: links put them in order anyway. */
  readonly datagrams: ReadonlyMap<string, readonly Datagram[]>;
  /** Links that let nothing through. */
  readonly cuts: ReadonlySet<string>;
  readonly left: Budget;
  readonly history: History;
};

export type Watch = (host: string, happening: Happening) => void;

/** Deadlines that pass without consequence; more in a row, and nothing will ever come of it. */
const idleWakeupsMax = 25;

export function newWorld(options: NodeOptions, left: Budget): World {
  return {
    options,
    nodes: options.hosts.map(newNode),
    heartbeats: new Map(),
    datagrams: new Map(),
    cuts: new Set(),
    left,
    history: emptyHistory,
  };
}

/** null: it cannot happen, or nothing comes of it. @throws Breach */
export function apply(world: World, action: Action, watch: Watch = () => {}): World | null {
  const change = new Change(world, watch);
  return change.apply(action) ? change.result() : null;
}

/** Has one host do something that is no action of the search: for the beginnings of worlds. @throws Breach */
export function tell(world: World, host: string, what: (doing: Doing) => void): World {
  const change = new Change(world, () => {});
  change.turn(host, what);
  return change.result();
}

/** All clocks go on to the next deadline of any, and who is there is heard. null: nobody waits for anything. @throws Breach */
export function pass(world: World, watch: Watch = () => {}): { readonly world: World; readonly ms: number } | null {
  const waits = world.nodes.flatMap(({ agent, clock }) =>
    agent === null ? [] : [(wakeupOf(agent) ?? Infinity) - clock],
  );
  const ms = Math.max(0, Math.min(...waits));
  if (ms === Number.POSITIVE_INFINITY) return null;
  const change = new Change(world, watch);
  change.pass(ms);
  return { world: change.result(), ms };
}

export function linkOf(from: string, to: string): string {
  return `${from}>${to}`;
}

/** A world in the making; lives no longer than one action. */
class Change {
  readonly #before: World;
  readonly #watch: Watch;
  readonly #nodes: Node[];
  readonly #heartbeats: Map<string, Heartbeat>;
  readonly #datagrams: Map<string, readonly Datagram[]>;
  #cuts: ReadonlySet<string>;
  #left: Budget;
  #history: History;
  /** Something got on its way. */
  #sent = false;

  constructor(world: World, watch: Watch) {
    this.#before = world;
    this.#watch = watch;
    this.#nodes = [...world.nodes];
    this.#heartbeats = new Map(world.heartbeats);
    this.#datagrams = new Map(world.datagrams);
    this.#cuts = world.cuts;
    this.#left = world.left;
    this.#history = world.history;
  }

  result(): World {
    return {
      options: this.#before.options,
      nodes: this.#nodes,
      heartbeats: this.#heartbeats,
      datagrams: this.#datagrams,
      cuts: this.#cuts,
      left: this.#left,
      history: this.#history,
    };
  }

  apply(action: Action): boolean {
    switch (action.kind) {
      case 'hear':
        return this.#hear(action.from, action.to);
      case 'deliver':
        return this.#deliver(action.from, action.to);
      case 'lose':
        this.#spend('losses');
        this.#take(action.from, action.to);
        return true;
      case 'tick':
        return this.#tick(action.host, 'in time');
      case 'hear-nothing':
        this.#spend('alarms');
        return this.#tick(action.host, 'late');
      case 'kernel':
        this.turn(action.host, (doing) => doing.answerOrder());
        return true;
      case 'hand':
        this.turn(action.host, (doing) => doing.hand(action.to));
        return true;
      case 'crash':
        this.#spend('crashes');
        this.#crash(action.host);
        return true;
      case 'restart':
        this.#spend('restarts');
        this.#absorb(action.host, started(this.#node(action.host), this.#before.options));
        return true;
      case 'cut':
        this.#spend('cuts');
        this.#cut(action.links);
        return true;
      case 'heal':
        this.#cuts = new Set();
        return true;
      case 'stall':
        this.#spend('stalls');
        return this.#stall(action.host);
    }
  }

  pass(ms: number): void {
    for (const { host, clock } of this.#before.nodes) {
      const at = clock + ms;
      this.turn(host, (doing) => {
        for (const peer of this.#inTime(doing.agent, at)) this.#hearAgain(doing, peer);
        doing.clock = Math.max(doing.clock, at);
        doing.wake();
      });
    }
  }

  turn(host: string, what: (doing: Doing) => void): void {
    this.#absorb(host, turned(this.#node(host), this.#before.options, what));
  }

  #spend(what: keyof Budget): void {
    this.#left = { ...this.#left, [what]: this.#left[what] - 1 };
  }

  #node(host: string): Node {
    const node = this.#nodes.find((known) => known.host === host);
    if (node === undefined) throw new Error(`there is no host ${host}`);
    return node;
  }

  #absorb(host: string, { node, happenings }: Turned): void {
    const member = this.#node(host).agent?.member ?? node.agent?.member;
    this.#nodes[this.#nodes.findIndex((known) => known.host === host)] = node;
    if (node.agent === null) this.#forget(host);
    for (const happening of happenings) {
      if (member !== undefined) this.#history = remember(this.#history, member, happening);
      this.#watch(host, happening);
      if (happening.kind === 'stepped') checkStep(host, happening, this.#nodes);
      this.#spread(host, happening);
    }
  }

  #spread(from: string, happening: Happening): void {
    switch (happening.kind) {
      case 'broadcast':
        for (const { host } of this.#nodes) if (host !== from) this.#putHeartbeat(from, host, happening.heartbeat);
        return;
      case 'answered':
        this.#putHeartbeat(from, happening.to, happening.heartbeat);
        return;
      case 'sent':
        if (happening.datagram.kind === 'ack') this.#acknowledge(from, happening.to, happening.datagram);
        else this.#putDatagram(from, happening.to, happening.datagram);
        return;
      case 'installed':
      case 'stepped':
      case 'announced':
        return;
    }
  }

  #putHeartbeat(from: string, to: string, heartbeat: Heartbeat): void {
    const { agent } = this.#node(to);
    const link = linkOf(from, to);
    if (agent === null || this.#cuts.has(link)) return;
    const known = peerOf(agent, from);
    const isNews =
      known === undefined || known.silent || known.member !== heartbeat.member || !saysTheSame(known.report, heartbeat);
    const waits = this.#heartbeats.has(link);
    if (!isNews && !waits) return;
    this.#heartbeats.set(link, heartbeat);
    this.#sent ||= !waits;
  }

  #putDatagram(from: string, to: string, datagram: LinkDatagram & { kind: 'data' }): void {
    const { agent } = this.#node(to);
    const link = linkOf(from, to);
    if (agent === null || this.#cuts.has(link) || datagram.to !== incarnationOf(agent.member)) return;
    const sender = this.#node(from).agent;
    if (sender === null) return;
    const waiting = this.#datagrams.get(link) ?? [];
    const { epoch, number } = datagram;
    if (
      waiting.some(({ datagram: other }) => other.kind === 'data' && other.epoch === epoch && other.number === number)
    )
      return;
    const known = peerOf(agent, from);
    const isThere = known?.member === sender.member && known.in.epoch === epoch && number < known.in.expected;
    if (isThere && this.#cuts.has(linkOf(to, from))) return; // all that comes of it is another lost acknowledgement
    this.#datagrams.set(link, [...waiting, { from: incarnationOf(sender.member), datagram }]);
    this.#sent = true;
  }

  #acknowledge(from: string, to: string, datagram: LinkDatagram & { kind: 'ack' }): void {
    const { agent } = this.#node(to);
    const sender = this.#node(from).agent;
    if (agent === null || sender === null || this.#cuts.has(linkOf(from, to))) return;
    const route = { path: 0, address: from };
    this.turn(to, (doing) => doing.engine({ kind: 'datagram', from: incarnationOf(sender.member), datagram, route }));
  }

  #hear(from: string, to: string): boolean {
    const link = linkOf(from, to);
    const heartbeat = this.#heartbeats.get(link);
    if (heartbeat === undefined) return false;
    this.#heartbeats.delete(link);
    this.turn(to, (doing) => doing.engine({ kind: 'heartbeat', heartbeat, route: { path: 0, address: from } }));
    return true;
  }

  #deliver(from: string, to: string): boolean {
    const taken = this.#take(from, to);
    if (taken === undefined) return false;
    const route = { path: 0, address: from };
    this.turn(to, (doing) => doing.engine({ kind: 'datagram', ...taken, route }));
    return true;
  }

  #take(from: string, to: string): Datagram | undefined {
    const link = linkOf(from, to);
    const [first, ...rest] = this.#datagrams.get(link) ?? [];
    if (rest.length > 0) this.#datagrams.set(link, rest);
    else this.#datagrams.delete(link);
    return first;
  }

  /** One deadline after the other, until something comes of one. */
  #tick(host: string, others: 'in time' | 'late'): boolean {
    for (let count = 0; count < idleWakeupsMax; count += 1) {
      const { agent, clock } = this.#node(host);
      const at = agent === null ? null : wakeupOf(agent);
      if (agent === null || at === null) return false;
      const before = outlineOf(agent);
      this.#sent = false;
      this.turn(host, (doing) => {
        if (others === 'in time') for (const peer of this.#inTime(agent, at)) this.#hearAgain(doing, peer);
        doing.clock = Math.max(clock, Math.min(at, wakeupOf(doing.agent) ?? at));
        doing.wake();
      });
      const after = this.#node(host).agent;
      if (this.#sent || after === null || outlineOf(after) !== before) return true;
    }
    return false;
  }

  /** Who is there and would be missed by then: it says the same once more. */
  #inTime({ engine }: ModelAgent, at: number): readonly Peer[] {
    return engine.peers.filter((peer) => {
      const { agent } = this.#node(peer.host);
      const reaches = !this.#cuts.has(linkOf(peer.host, engine.host));
      return !peer.silent && reaches && agent?.member === peer.member && peer.heardAt + peer.report.intervalMs < at;
    });
  }

  #hearAgain(doing: Doing, { report, host }: Peer): void {
    doing.engine({ kind: 'heartbeat', heartbeat: report, route: { path: 0, address: host } });
  }

  #stall(host: string): boolean {
    const { agent } = this.#node(host);
    const at = agent === null ? null : wakeupOf(agent);
    if (at === null) return false;
    this.turn(host, (doing) => {
      doing.clock = at + 4 * this.#before.options.detectMs;
      doing.wake();
    });
    return true;
  }

  #crash(host: string): void {
    this.#nodes[this.#nodes.findIndex((known) => known.host === host)] = dead(this.#node(host));
    this.#forget(host);
  }

  /** Nobody is there to receive it. */
  #forget(host: string): void {
    this.#drop(this.#nodes.map((other) => linkOf(other.host, host)));
  }

  #cut(links: readonly string[]): void {
    this.#cuts = new Set([...this.#cuts, ...links].sort());
    this.#drop(links);
  }

  #drop(links: readonly string[]): void {
    for (const link of links) {
      this.#heartbeats.delete(link);
      this.#datagrams.delete(link);
    }
  }
}

export function peerOf({ engine }: ModelAgent, host: string): Peer | undefined {
  return engine.peers.findLast((peer) => peer.host === host && !peer.gone);
}

/** But for its number. */
function saysTheSame(a: Heartbeat, b: Heartbeat): boolean {
  return (
    a.leaving === b.leaving &&
    compareMaybeViewIds(a.view, b.view) === 0 &&
    compareMaybeViewIds(a.promised, b.promised) === 0 &&
    sameList(a.hears, b.hears) &&
    sameList(a.delivered, b.delivered) &&
    sameList(a.viewMembers, b.viewMembers)
  );
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** What is worth stopping for when time goes by. */
function outlineOf({ engine, ownership, orders, toMain, toEngine }: ModelAgent): string {
  const { view, promised, agreement, peers, apart, leaveUntil } = engine;
  const { assignments: _, holdings, stalledUntil, mature, proposed } = ownership;
  return JSON.stringify([
    ...[view?.id, promised, agreement.kind, apart, leaveUntil !== null, orders.length, toMain.length, toEngine.length],
    peers.map(({ silent, gone, shunnedUntil }) => [silent, gone, shunnedUntil !== null]),
    ...[[...holdings.values()].map(({ phase }) => phase), stalledUntil !== null, mature, proposed],
  ]);
}

export function hostNames(names: readonly string[]): readonly HostName[] {
  return names as readonly HostName[]; // the model names its hosts
}
