/**
 * Flap damping in the shape of RFC 2439: a host that leaves the group without a word again and again gets no sets until it has been
 * quiet for a while. Each departure adds to a penalty that decays; above one threshold the host is damped, below a lower one it is
 * free again. What it has it keeps, and where no other host may have a set it gets it all the same.
 *
 * Every member counts by the agreed views, and its reports carry what it has counted: of two words about a host the greater penalty
 * is the truth, so that who joins, leads or restarts knows what the others know. Rejected: a table in the decisions; a coordinator
 * that has just come would have to wait for one before it makes one.
 */
import { type HostName, hostOf, type InstantMs, type MemberId, type View } from '../membership/view.ts';
import type { OwnershipState } from './state.ts';

export type Damping = {
  /** In this time a penalty falls to a half. */
  readonly halfLifeMs: number;
  /** From this penalty on a host is damped; a departure adds `departurePenalty`. */
  readonly suppress: number;
  /** At this penalty it is free again; less than `suppress`. */
  readonly reuse: number;
  /** No penalty is greater, so that no host is damped for longer than was asked for. */
  readonly ceiling: number;
};

/** What a host has earned, as of an instant. */
export type Flap = { readonly penalty: number; readonly at: InstantMs; readonly damped: boolean };

/** As of the moment the report was sent. */
export type ReportedFlap = { readonly host: HostName; readonly penalty: number; readonly damped: boolean };

export type Flaps = ReadonlyMap<HostName, Flap>;

/** As routers count a withdrawn route. */
export const departurePenalty = 1_000;
/** Names come from members of the group: the largest there may be, with as many that have gone. */
const hostsMax = 128;
/** Two members' words about one departure differ by what a message takes; less than this is no news. */
const newsFactor = 1.01;

export function penaltyAt({ penalty, at }: Flap, { halfLifeMs }: Damping, now: InstantMs): number {
  return penalty * 2 ** ((at - now) / halfLifeMs);
}

/** When the host is free again; null: it is. */
export function dampedUntil(state: OwnershipState, host: HostName, now: InstantMs): InstantMs | null {
  const { damping } = state.pool;
  const flap = state.flaps.get(host);
  if (damping === undefined || flap === undefined || !flap.damped) return null;
  const until = flap.at + damping.halfLifeMs * Math.log2(flap.penalty / damping.reuse);
  return until > now ? (until as InstantMs) : null; // later on the same clock
}

/** When the next of the view's hosts is free again: it may be due for something then. */
export function nextRelease(state: OwnershipState, view: View, now: InstantMs): InstantMs | null {
  if (state.flaps.size === 0) return null;
  const instants = view.members.map((member) => dampedUntil(state, hostOf(member), now)).filter((at) => at !== null);
  return instants.length === 0 ? null : (Math.ceil(Math.min(...instants)) as InstantMs); // the least of instants is one
}

/**
 * Counts who has left without a word since the view before. Of a cut only the smaller side counts; whoever was with the larger, or
 * with one of two halves, counts when it is back as another run, because then it was no cut.
 */
export function withDepartures(
  state: OwnershipState,
  view: View,
  now: InstantMs,
): Pick<OwnershipState, 'flaps' | 'missing' | 'restarting'> {
  const { missing: known, flaps, view: previous, reports } = state;
  const { damping } = state.pool;
  const members = new Set(view.members);
  const restarting = new Set([...state.restarting].filter((member) => members.has(member)));
  if (damping === undefined) return { flaps, missing: known, restarting };
  const runs = new Map(view.members.map((member) => [hostOf(member), member]));
  const missing = new Map(known);
  const counted: HostName[] = [];
  const gone = (previous?.members ?? []).filter((member) => {
    const report = reports.get(member);
    const saidSo = report?.leaving === true || report?.abandoning === true || state.restarting.has(member);
    return !members.has(member) && !saidSo;
  });
  const stayed = (previous?.members ?? []).filter((member) => members.has(member)).length;
  for (const member of gone) {
    if (gone.length < stayed) counted.push(hostOf(member));
    else missing.set(hostOf(member), member);
  }
  for (const [host, member] of missing) {
    const run = runs.get(host);
    if (run === undefined) continue;
    missing.delete(host);
    if (run !== member) counted.push(host);
  }
  return { flaps: withPenalties(flaps, counted, damping, now), missing: newest(missing), restarting };
}

/** What a member has counted, where it is more than what is known. */
export function withReportedFlaps(
  { flaps, pool: { damping } }: OwnershipState,
  reported: readonly ReportedFlap[],
  now: InstantMs,
): Flaps {
  if (damping === undefined || reported.length === 0) return flaps;
  const next = new Map(flaps);
  let changed = false;
  for (const { host, penalty, damped } of reported) {
    const known = next.get(host);
    const isMore = known === undefined || penalty > penaltyAt(known, damping, now) * newsFactor;
    if (!isMore && (known.damped || !damped)) continue;
    const sum = Math.min(damping.ceiling, isMore ? penalty : penaltyAt(known, damping, now));
    next.delete(host);
    next.set(host, { penalty: sum, at: now, damped: (damped || known?.damped === true) && sum > damping.reuse });
    changed = true;
  }
  return changed ? newest(next) : flaps;
}

/** For a report; what has decayed to half of `reuse` is not told any more. */
export function reportedFlaps({ flaps, pool: { damping } }: OwnershipState, now: InstantMs): readonly ReportedFlap[] {
  if (damping === undefined || flaps.size === 0) return [];
  return [...flaps].flatMap(([host, flap]): ReportedFlap[] => {
    const penalty = Math.floor(penaltyAt(flap, damping, now));
    return penalty < damping.reuse / 2 ? [] : [{ host, penalty, damped: flap.damped && penalty > damping.reuse }];
  });
}

function withPenalties(flaps: Flaps, hosts: readonly HostName[], damping: Damping, now: InstantMs): Flaps {
  if (hosts.length === 0) return flaps;
  const next = new Map(flaps);
  for (const host of hosts) {
    const known = next.get(host);
    const before = known === undefined ? 0 : penaltyAt(known, damping, now);
    const penalty = Math.min(damping.ceiling, before + departurePenalty);
    const stillDamped = known?.damped === true && before > damping.reuse;
    next.delete(host);
    next.set(host, { penalty, at: now, damped: stillDamped || penalty >= damping.suppress });
  }
  return newest(next);
}

/** Bounded: those that were set last. */
function newest<T extends MemberId | Flap>(entries: Map<HostName, T>): ReadonlyMap<HostName, T> {
  return entries.size <= hostsMax ? entries : new Map([...entries].slice(-hostsMax));
}
