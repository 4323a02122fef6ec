/** What an operator sees of the other members: who is heard, on which paths, and which of them are lost. */
import { isIPv6 } from 'node:net';
import { patienceMs } from '../membership/heartbeat.ts';
import type { MemberState } from '../membership/member-state.ts';
import { isMutual, type Peer } from '../membership/peer.ts';
import type { InstantMs } from '../membership/view.ts';
import { type BuiltInOptions, ownPaths } from './built-in-options.ts';
import type { PathStatus, PeerStatus } from './channel.ts';

/** Sooner it may be a burst of loss, which nobody needs to see to. */
const lostMsMin = 3_000;

type Hosts = Pick<BuiltInOptions, 'hosts' | 'self'>;

export function peerStatuses(state: MemberState, hosts: Hosts, now: InstantMs): readonly PeerStatus[] {
  return state.peers
    .filter((peer) => !peer.gone)
    .map((peer) => ({
      member: peer.member,
      host: peer.host,
      level: peer.report.level,
      inView: state.view?.members.includes(peer.member) ?? false,
      state: peer.silent ? 'silent' : isMutual(peer, state.incarnation) ? 'alive' : 'one-way',
      paths: pathStatuses(peer, pathsExpected(peer, hosts), Math.max(lostMsMin, patienceMs(state, peer)), now),
    }));
}

/** The paths of the file first, then other addresses that the host is heard from; those no more where the file says which it has. */
function pathStatuses(peer: Peer, expected: readonly string[], lostMs: number, now: InstantMs): readonly PathStatus[] {
  const ages = new Map<string, number>();
  for (const { address, heardAt } of peer.routes) {
    const age = Math.max(0, now - heardAt);
    ages.set(address, Math.min(age, ages.get(address) ?? age));
  }
  const addresses = [...new Set([...expected, ...ages.keys()])];
  const rows = addresses.map((address) => {
    const lastHeardMsAgo = ages.get(address) ?? null;
    return { address, lastHeardMsAgo, isSilent: (lastHeardMsAgo ?? now - peer.firstHeardAt) >= lostMs };
  });
  const heardOnAny = !peer.silent && rows.some(({ lastHeardMsAgo, isSilent }) => lastHeardMsAgo !== null && !isSilent);
  return rows
    .filter(({ address, isSilent }) => !isSilent || expected.length === 0 || expected.includes(address))
    .map(({ address, lastHeardMsAgo, isSilent }) => ({ address, lastHeardMsAgo, lost: isSilent && heardOnAny }));
}

/** What this host's paths can hear of the peer's: those of one number are one network. Empty where the file does not name it. */
function pathsExpected(peer: Peer, options: Hosts): readonly string[] {
  const own = ownPaths(options);
  const paths = options.hosts.find((host) => host.name === peer.host)?.paths ?? [];
  return paths.filter((path, index) => {
    const from = own[index];
    return from !== undefined && isIPv6(from) === isIPv6(path);
  });
}
