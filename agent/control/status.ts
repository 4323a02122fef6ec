/** What `status` answers, put together from what ownership and the channel know. */
import type { ChannelStatus, PeerStatus } from '../channel/channel.ts';
import type { AddressSet, Config, Host } from '../config/config.ts';
import { type HostName, hostOf, type InstantMs } from '../membership/view.ts';
import { coordinatorOf } from '../ownership/coordinator.ts';
import { dampedUntil, reportedFlaps } from '../ownership/damping.ts';
import type { SetName } from '../ownership/grant.ts';
import { isIsolated } from '../ownership/isolation.ts';
import { describeReason } from '../ownership/reason.ts';
import { unableSets } from '../ownership/report.ts';
import { type Holders, noHolders, reportedHolders, unsettled } from '../ownership/settled.ts';
import type { OwnershipState } from '../ownership/state.ts';
import type { MemberStatus, SetStatus, Status, StatusEvent } from './protocol.ts';

export type StatusInput = {
  readonly version: string;
  readonly pid: number;
  readonly config: Config;
  readonly ownership: OwnershipState;
  readonly channel: ChannelStatus;
  /** Messages of members that were not understood. */
  readonly passedOver: Status['passedOver'];
  /** What is wrong with sets that this host holds. */
  readonly problems: ReadonlyMap<SetName, string>;
  /** Stations outside of the group that have or claim an address of a set here. */
  readonly conflicts: ReadonlyMap<
    SetName,
    { readonly address: string; readonly mac: string; readonly since: InstantMs }
  >;
  /** Hosts that members talk with. */
  readonly neighbours: number;
  readonly events: readonly StatusEvent[];
  /** The monotonic clock now, and the wall clock at the same moment. */
  readonly now: InstantMs;
  readonly wallMs: number;
  readonly startedAt: InstantMs;
};

export function statusOf(input: StatusInput): Status {
  const { config, ownership, now, wallMs } = input;
  const iso = (instant: InstantMs): string => new Date(wallMs - (now - instant)).toISOString();
  const { view } = ownership;
  const holders = reportedHolders(ownership);
  return {
    version: input.version,
    group: config.group,
    host: hostOf(ownership.self),
    member: ownership.self,
    pid: input.pid,
    startedAt: iso(input.startedAt),
    poolVersion: config.poolVersion,
    state: stateOf(ownership, config, holders),
    frozen: ownership.freeze.frozen,
    view:
      view === null
        ? null
        : {
            id: `${view.id.counter}.${hostOf(view.id.leader)}`,
            since: iso(ownership.viewSince),
            coordinator: hostOf(coordinatorOf(view)),
            level: view.level,
          },
    quorum: ownership.quorum,
    isolated: isIsolated(ownership),
    sets: config.sets.map((set) => setStatus({ ...input, holders }, set, iso)),
    members: memberStatuses(input),
    channel: input.channel,
    passedOver: input.passedOver,
    neighbours: input.neighbours,
    events: input.events,
  };
}

function stateOf(ownership: OwnershipState, config: Config, holders: ReadonlyMap<SetName, Holders>): Status['state'] {
  if (ownership.leavingUntil !== null) return 'leaving';
  if (ownership.view === null) return ownership.previousView === null ? 'starting' : 'lost';
  if (ownership.decided === 0 || !ownership.mature) return ownership.mature ? 'moving' : 'starting';
  return config.sets.every(({ name }) => unsettled(ownership, name, holders) === null) ? 'settled' : 'moving';
}

function setStatus(
  input: StatusInput & { readonly holders: ReadonlyMap<SetName, Holders> },
  set: AddressSet,
  iso: (instant: InstantMs) => string,
): SetStatus {
  const { ownership, problems } = input;
  const conflict = input.conflicts.get(set.name);
  const assignment = ownership.assignments.get(set.name);
  const holding = ownership.holdings.get(set.name);
  const failed = ownership.failed.get(set.name);
  const { held, claiming } = input.holders.get(set.name) ?? noHolders;
  return {
    name: set.name,
    addresses: set.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    interfaces: [...new Set(set.addresses.map((address) => address.interface))],
    owner: assignment?.owner == null ? null : hostOf(assignment.owner),
    since: assignment === undefined ? null : iso(assignment.since),
    reason: assignment === undefined ? 'no decision yet' : describeReason(assignment.reason),
    here: failed !== undefined ? 'failed' : hereOf(holding?.phase),
    heldBy: held.map(hostOf),
    claimedBy: claiming.map(hostOf),
    answeredBy: assignment?.reason.kind === 'answering' ? assignment.reason.host : null,
    problem: problems.get(set.name) ?? unableSets(ownership).get(set.name) ?? null,
    conflict:
      conflict === undefined ? null : { address: conflict.address, mac: conflict.mac, since: iso(conflict.since) },
    pinned: assignment?.pinned ?? false,
  };
}

function hereOf(phase: 'claiming' | 'held' | 'giving' | 'releasing' | undefined): SetStatus['here'] {
  switch (phase) {
    case undefined:
      return 'none';
    case 'giving':
      return 'releasing';
    case 'claiming':
    case 'held':
    case 'releasing':
      return phase;
  }
}

/** Every host of the file, and every other member that is there; sorted by host. */
function memberStatuses(input: StatusInput): readonly MemberStatus[] {
  const { config, ownership, channel } = input;
  const rows: MemberStatus[] = [];
  const named = new Set<HostName>();
  for (const peer of channel.peers) {
    named.add(peer.host);
    rows.push(peerStatus(input, peer));
  }
  const self = hostOf(ownership.self);
  const own = config.hosts.find(({ name }) => name === self);
  named.add(self);
  rows.push({
    ...memberRow(input, { member: ownership.self, level: channel.level }),
    state: ownership.leavingUntil !== null ? 'leaving' : ownership.view === null ? 'joining' : 'member',
    paths: pathsOf(own, 0),
  });
  for (const host of config.hosts) {
    if (named.has(host.name)) continue;
    rows.push({
      host: host.name,
      member: null,
      state: 'absent',
      coordinator: false,
      level: null,
      drained: false,
      witness: host.witness,
      damping: dampingOf(input, host.name),
      sets: 0,
      paths: pathsOf(host, null),
    });
  }
  return rows.sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0));
}

function peerStatus(input: StatusInput, peer: PeerStatus): MemberStatus {
  const { ownership } = input;
  const leaving = ownership.reports.get(peer.member)?.leaving ?? false;
  const state = peer.state !== 'alive' ? peer.state : peer.inView ? 'member' : 'joining';
  return { ...memberRow(input, peer), state: leaving ? 'leaving' : state, paths: peer.paths };
}

function memberRow(
  input: StatusInput,
  { member, level }: Pick<PeerStatus, 'member' | 'level'>,
): Omit<MemberStatus, 'state' | 'paths'> {
  const { ownership } = input;
  return {
    host: hostOf(member),
    member,
    level,
    coordinator: ownership.view !== null && coordinatorOf(ownership.view) === member,
    drained: member === ownership.self ? ownership.drained : (ownership.reports.get(member)?.drained ?? false),
    witness: ownership.pool.witnesses?.has(hostOf(member)) ?? false,
    damping: dampingOf(input, hostOf(member)),
    sets: [...ownership.assignments.values()].filter(({ owner }) => owner === member).length,
  };
}

function dampingOf({ ownership, now, wallMs }: StatusInput, host: HostName): MemberStatus['damping'] {
  const reported = reportedFlaps(ownership, now).find((flap) => flap.host === host);
  if (reported === undefined) return null;
  const until = dampedUntil(ownership, host, now);
  return {
    penalty: reported.penalty,
    until: until === null ? null : new Date(wallMs + (until - now)).toISOString(),
  };
}

function pathsOf(host: Host | undefined, lastHeardMsAgo: number | null): MemberStatus['paths'] {
  return (host?.paths ?? []).map((address) => ({ address, lastHeardMsAgo, lost: false }));
}
