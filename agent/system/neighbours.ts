/**
 * The hosts that this host and the other members talk with on the segments of the sets. A host that ignores what is announced to all, or
 * missed it, is still told by whoever takes over what it talked to: members share what their kernels know of their neighbours.
 */
import { type Neighbour, neighboursMax } from '../wire/neighbours-message.ts';
import { routeTypes } from '../wire/rtnetlink.ts';
import {
  decodeNeighbour,
  encodeNeighbourDump,
  type KernelNeighbour,
  neighbourStates,
} from '../wire/rtnetlink-neighbour.ts';
import type { Clock } from './clock.ts';
import type { RouteRequest, RouteSocket } from './route-socket.ts';

export type NeighboursOptions = {
  readonly route: Pick<RouteSocket, 'dump'>;
  readonly clock: Clock;
  /** Whether an interface carries sets. */
  readonly carriesSets: (interfaceIndex: number) => boolean;
  /** For the other members: who they are has changed, or it is time to say so again. */
  readonly onShare: (neighbours: readonly Neighbour[]) => void;
};

/** What somebody began to talk to less than this before a power loss may not be known yet. A dump takes about 1 ms for 1,000 entries. */
export const lookIntervalMs = 5_000;
/** The kernel keeps entries that nobody uses for long where there are few of them. */
export const neighbourAgeMsMax = 600_000;
/** Told again after this, also where nothing changed: what was not told for `sharedAgeMsMax` is forgotten. */
export const shareIntervalMs = 240_000;
export const sharedAgeMsMax = 600_000;
/** Members whose neighbours are kept: those of a view, and some that are gone. */
const membersMax = 128;

type Shared = { readonly neighbours: readonly Neighbour[]; readonly toldAt: number };

export class Neighbours {
  readonly #options: NeighboursOptions;
  #own: readonly Neighbour[] = [];
  /** By member, as each said last. */
  readonly #shared = new Map<string, Shared>();
  #sharedText = '';
  #sharedAt = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  open(): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(lookIntervalMs, () => {
      this.open();
      void this.#look();
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** Another member said it. */
  learn(member: string, neighbours: readonly Neighbour[]): void {
    this.#shared.delete(member);
    this.#shared.set(member, { neighbours, toldAt: this.#options.clock.now() });
    const [oldest] = this.#shared.keys();
    if (this.#shared.size > membersMax && oldest !== undefined) this.#shared.delete(oldest);
  }

  /** There are new members, who know nothing yet: at the next look they are told. */
  tellAgain(): void {
    this.#sharedText = '';
  }

  /** Of all members, this one included, each address once; this host's own knowledge before that of others. */
  known(): readonly Neighbour[] {
    const now = this.#options.clock.now();
    const known = new Map<string, Neighbour>();
    for (const [member, { toldAt }] of this.#shared) if (now - toldAt > sharedAgeMsMax) this.#shared.delete(member);
    const tables = [this.#own, ...[...this.#shared.values()].map(({ neighbours }) => neighbours)];
    for (const neighbour of tables.flat()) {
      if (!known.has(neighbour.address)) known.set(neighbour.address, neighbour);
    }
    return [...known.values()];
  }

  async #look(): Promise<void> {
    const { route, clock, carriesSets, onShare } = this.#options;
    const result = await route.dump(neighbourDump);
    if (result.kind === 'failed' || this.#closed) return; // what was known is better than nothing
    const found = result.messages.flatMap(({ type, body }) => {
      const decoded = type === routeTypes.newNeighbour ? decodeNeighbour(body) : null;
      return decoded?.kind === 'neighbour' ? [decoded.neighbour] : [];
    });
    this.#own = lately(found.filter(({ interfaceIndex }) => carriesSets(interfaceIndex)));
    // In one order: what was confirmed meanwhile is no news.
    const text = JSON.stringify(this.#own.map(({ address, mac }) => `${address} ${mac}`).sort());
    const now = clock.now();
    if (text === this.#sharedText && now - this.#sharedAt < shareIntervalMs) return;
    this.#sharedText = text;
    this.#sharedAt = now;
    onShare(this.#own);
  }
}

const neighbourDump: RouteRequest = {
  type: routeTypes.getNeighbour,
  flags: 0,
  body: encodeNeighbourDump(0),
  operation: 'list the neighbours',
};

const answered =
  neighbourStates.reachable |
  neighbourStates.stale |
  neighbourStates.delay |
  neighbourStates.probe |
  neighbourStates.permanent;

/** Those that answered, the latest first; beyond `neighboursMax` the others are left out. */
function lately(neighbours: readonly KernelNeighbour[]): readonly Neighbour[] {
  return neighbours
    .filter(({ state, ageMs }) => (state & answered) !== 0 && ageMs <= neighbourAgeMsMax)
    .sort((a, b) => a.ageMs - b.ageMs)
    .flatMap(({ address, mac }) => (mac === null ? [] : [{ address, mac }]))
    .slice(0, neighboursMax);
}
