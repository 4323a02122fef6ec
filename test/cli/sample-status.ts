/** Statuses as an agent gives them, three hosts e1 to e3 seen from e1; a test changes what it is about. */
import type { MemberStatus, SetStatus, Status } from '../../agent/control/protocol.ts';

export const now = new Date('2026-03-01T12:00:00.000Z');

/** An instant that many seconds before `now`. */
export function secondsAgo(seconds: number): string {
  return new Date(now.getTime() - seconds * 1_000).toISOString();
}

export function setStatus(name: string, change: Partial<SetStatus> = {}): SetStatus {
  const owner = change.owner === undefined ? 'e1' : change.owner;
  return {
    name,
    addresses: [`198.51.100.${Number(name.match(/\d+$/)?.[0] ?? 200)}/24`],
    interfaces: ['eth0'],
    owner,
    since: secondsAgo(200),
    reason: 'nobody had it; least loaded',
    here: owner === 'e1' ? 'held' : 'none',
    heldBy: owner === null ? [] : [owner],
    claimedBy: [],
    answeredBy: null,
    problem: null,
    conflict: null,
    pinned: false,
    ...change,
  };
}

export function memberStatus(host: string, change: Partial<MemberStatus> = {}): MemberStatus {
  return {
    host,
    member: `${host}/0123456789abcdef0123456789abcdef`,
    state: 'member',
    coordinator: host === 'e1',
    level: 1,
    drained: false,
    witness: false,
    damping: null,
    sets: 2,
    paths: [{ address: `10.1.0.${host.slice(1)}`, lastHeardMsAgo: host === 'e1' ? null : 42, lost: false }],
    ...change,
  };
}

/** `count` sets `edge-01`… in turn on e1, e2, e3. */
export function pool(count: number): SetStatus[] {
  const digits = String(count).length;
  return Array.from({ length: count }, (_, i) =>
    setStatus(`edge-${String(i + 1).padStart(Math.max(2, digits), '0')}`, { owner: `e${(i % 3) + 1}` }),
  );
}

export function sampleStatus(change: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    group: 'edge',
    host: 'e1',
    member: 'e1/0123456789abcdef0123456789abcdef',
    pid: 4242,
    startedAt: secondsAgo(7_800),
    poolVersion: '0123456789abcdef',
    state: 'settled',
    frozen: false,
    neighbours: 0,
    quorum: null,
    isolated: false,
    view: { id: '7.e1', since: secondsAgo(200), coordinator: 'e1', level: 1 },
    sets: pool(6),
    members: [memberStatus('e1'), memberStatus('e2'), memberStatus('e3')],
    channel: { engine: 'built-in', level: 1, peers: [], refused: {}, refusedFrom: {}, notices: [] },
    passedOver: { counts: {}, from: {} },
    events: [
      { at: secondsAgo(205), text: 'view 7.e1: e1, e2, e3; e3 joined' },
      { at: secondsAgo(200), text: 'edge-03: nobody -> e3: nobody had it; least loaded' },
    ],
    ...change,
  };
}
