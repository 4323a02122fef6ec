/**
 * When which announcement goes out. Pure: time is passed in, frames come out. A set that was just claimed is announced at once,
 * again for receivers that missed or ignored it, and then slowly for as long as it is owned. Each interface has a rate; first
 * frames of newly claimed sets go before everything else.
 */
import type { PortRate } from './port-rate.ts';

export type ScheduledAddress<Link> = {
  readonly link: Link;
  /** Frames with one key share a rate. */
  readonly interfaceIndex: number;
  readonly first: Uint8Array;
  readonly more: readonly Uint8Array[];
  /** To one host each, made when their turn comes: they may be very many. */
  readonly directed?: () => Iterable<Uint8Array>;
};

export type DueFrame<Link> = { readonly link: Link; readonly frame: Uint8Array };

export type ScheduleOptions = {
  /** Others spend it as well. */
  readonly rate: PortRate;
  /** Between 0 and 1, uniform: keeps the slow refreshes of many hosts from falling into step. */
  readonly random: () => number;
};

/**
 * Since the first round. Linux ignores a second change of an entry within a second (locktime), so the repeat that is to help
 * there comes after more than that; the third is for a burst of loss.
 */
export const repeatsMs: readonly number[] = [1100, 3000];
/** Switches forget a MAC address after 300 s at their defaults: four more chances before that, at 34 frames/s for 1,000 addresses. */
export const refreshMs = 60_000;
/** Frames to single hosts: with the first round and its first repeat. */
const directedRounds = 2;

type Round<Link> = {
  readonly addresses: readonly ScheduledAddress<Link>[];
  readonly startedAt: number;
  done: number;
  nextAt: number;
  /** Frames of it that wait for their turn. */
  queued: number;
  /** Rows of directed frames of it that wait. */
  asking: number;
  /** The next one was asked for, and does not come of itself. */
  wanted: boolean;
};

type Queued<Link> = DueFrame<Link> & { readonly round: Round<Link> };

type Directed<Link> = { readonly link: Link; readonly round: Round<Link>; readonly frames: Iterator<Uint8Array> };

type Lane<Link> = {
  /** At most one frame an address: a set's next round waits for its last one. */
  urgent: Queued<Link>[];
  normal: Queued<Link>[];
  /** At most `directedRounds` an address. After everything else. */
  directed: Directed<Link>[];
};

export class AnnouncementSchedule<Link> {
  readonly #options: ScheduleOptions;
  readonly #rounds = new Map<string, Round<Link>>();
  readonly #lanes = new Map<number, Lane<Link>>();

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Frames that a timer fires for: 10 ms worth. */
  get #batch(): number {
    return Math.max(1, Math.floor(this.#options.rate.framesPerSecond / 100));
  }

  /** Begins anew for those that are there already. */
  start(sets: ReadonlyMap<string, readonly ScheduledAddress<Link>[]>, now: number): void {
    this.stop([...sets.keys()]);
    for (const [set, addresses] of sets) {
      this.#rounds.set(set, { addresses, startedAt: now, done: 0, nextAt: now, queued: 0, asking: 0, wanted: true });
    }
  }

  /** One round now, of what is announced; what comes after it stays as it was. */
  once(set: string, now: number): void {
    const round = this.#rounds.get(set);
    if (round === undefined) return;
    round.nextAt = now;
    round.wanted = true;
  }

  has(set: string): boolean {
    return this.#rounds.has(set);
  }

  /** No frame of them comes out any more, waiting ones included. */
  stop(sets: readonly string[]): void {
    const waiting = new Set<Round<Link>>();
    for (const set of sets) {
      const round = this.#rounds.get(set);
      this.#rounds.delete(set);
      if (round !== undefined && round.queued + round.asking > 0) waiting.add(round);
    }
    if (waiting.size === 0) return;
    for (const lane of this.#lanes.values()) {
      lane.urgent = lane.urgent.filter(({ round }) => !waiting.has(round));
      lane.normal = lane.normal.filter(({ round }) => !waiting.has(round));
      lane.directed = lane.directed.filter(({ round }) => !waiting.has(round));
    }
  }

  /** Whether something is to be announced again that nobody asked for. */
  repeats(now: number): boolean {
    return [...this.#rounds.values()].some((round) => round.nextAt <= now && !round.wanted);
  }

  /**
   * What is to be sent now; of those sets alone, and then to nobody one by one.
   *
   * @param repeats false: nothing is begun that nobody asked for
   */
  due(now: number, sets: readonly string[] | 'all' = 'all', repeats = true): readonly DueFrame<Link>[] {
    const rounds = sets === 'all' ? [...this.#rounds.values()] : sets.flatMap((set) => this.#rounds.get(set) ?? []);
    for (const round of rounds) if (round.nextAt <= now && (repeats || round.wanted)) this.#begin(round, now);
    const chosen = sets === 'all' ? null : new Set(rounds);
    return [...this.#lanes].flatMap(([interfaceIndex, lane]) => this.#take(interfaceIndex, lane, now, chosen));
  }

  /**
   * When `due` has something next, or null where it has nothing.
   *
   * @param repeats as there
   */
  nextWakeup(now: number, repeats = true): number | null {
    const { rate } = this.#options;
    const rounds = [...this.#rounds.values()].flatMap(({ nextAt, wanted }) => (repeats || wanted ? nextAt : []));
    const lanes = [...this.#lanes].flatMap(([interfaceIndex, { urgent, normal, directed }]) => {
      const waiting = urgent.length === 0 ? normal.length + directed.length : urgent.length;
      if (waiting === 0) return [];
      const urgency = urgent.length === 0 ? 'routine' : 'urgent';
      return [now + rate.waitMs(interfaceIndex, now, Math.min(this.#batch, waiting), urgency)];
    });
    const instants = [...rounds, ...lanes];
    return instants.length === 0 ? null : instants.reduce((a, b) => Math.min(a, b));
  }

  #begin(round: Round<Link>, now: number): void {
    if (round.queued > 0) {
      // The rate is too low for this many addresses: the last round first.
      round.nextAt = now + (repeatsMs[0] ?? refreshMs);
      return;
    }
    for (const { link, interfaceIndex, first, more, directed } of round.addresses) {
      const lane = this.#lane(interfaceIndex);
      (round.done === 0 ? lane.urgent : lane.normal).push({ link, frame: first, round });
      for (const frame of more) lane.normal.push({ link, frame, round });
      round.queued += 1 + more.length;
      if (directed === undefined || round.done >= directedRounds) continue;
      lane.directed.push({ link, round, frames: directed()[Symbol.iterator]() });
      round.asking += 1;
    }
    const repeat = repeatsMs[round.done];
    const jitter = 1 - this.#options.random() / 4; // RFC 5880 §6.8.7
    round.done += 1;
    round.wanted = false;
    round.nextAt = repeat === undefined ? now + refreshMs * jitter : Math.max(now + 1, round.startedAt + repeat);
  }

  #lane(interfaceIndex: number): Lane<Link> {
    const existing = this.#lanes.get(interfaceIndex);
    if (existing !== undefined) return existing;
    const lane: Lane<Link> = { urgent: [], normal: [], directed: [] };
    this.#lanes.set(interfaceIndex, lane);
    return lane;
  }

  /** @param chosen null: all rounds */
  #take(
    interfaceIndex: number,
    lane: Lane<Link>,
    now: number,
    chosen: ReadonlySet<Round<Link>> | null,
  ): readonly DueFrame<Link>[] {
    const { rate } = this.#options;
    const urgent = takeQueued(lane.urgent, rate.allowed(interfaceIndex, now, 'urgent'), chosen);
    rate.take(interfaceIndex, now, urgent.taken.length);
    const allowed = rate.allowed(interfaceIndex, now, 'routine');
    const normal = takeQueued(lane.normal, allowed, chosen);
    [lane.urgent, lane.normal] = [urgent.left, normal.left];
    const taken = [...urgent.taken, ...normal.taken];
    for (const { round } of taken) round.queued -= 1;
    const directed = chosen === null ? takeDirected(lane, allowed - normal.taken.length) : [];
    rate.take(interfaceIndex, now, normal.taken.length + directed.length);
    return [...taken.map(({ link, frame }) => ({ link, frame })), ...directed];
  }
}

function takeQueued<Link>(
  queue: Queued<Link>[],
  count: number,
  chosen: ReadonlySet<Round<Link>> | null,
): { readonly taken: readonly Queued<Link>[]; readonly left: Queued<Link>[] } {
  if (chosen === null) return { taken: queue.splice(0, count), left: queue };
  const taken = new Set(queue.filter(({ round }) => chosen.has(round)).slice(0, count));
  return { taken: [...taken], left: queue.filter((each) => !taken.has(each)) };
}

function takeDirected<Link>(lane: Lane<Link>, count: number): readonly DueFrame<Link>[] {
  const taken: DueFrame<Link>[] = [];
  while (taken.length < count) {
    const [next] = lane.directed;
    if (next === undefined) break;
    const { done, value } = next.frames.next();
    if (done === true) {
      lane.directed.shift();
      next.round.asking -= 1;
    } else taken.push({ link: next.link, frame: value });
  }
  return taken;
}
