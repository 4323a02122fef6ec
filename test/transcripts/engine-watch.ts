/** What an engine has come to know or to do since it was last looked at, as lines. */
import type { MemberState } from '../../agent/membership/member-state.ts';
import type { Peer } from '../../agent/membership/peer.ts';
import { hostOf, type MemberId } from '../../agent/membership/view.ts';

export class EngineWatch {
  /** Of all engines, so far. */
  heartbeats = 0;
  readonly #last = new Map<string, MemberState>();

  look(host: string, engine: MemberState | null): readonly string[] {
    const before = this.#last.get(host);
    if (engine === before) return [];
    if (engine === null) {
      this.#last.delete(host);
      return [];
    }
    this.#last.set(host, engine);
    const known = before?.incarnation === engine.incarnation ? before : null;
    this.heartbeats += engine.heartbeats - (known?.heartbeats ?? 0);
    return [...peerLines(known, engine), ...agreementLines(known, engine), ...viewLines(known, engine)];
  }
}

function peerLines(
  before: MemberState | null,
  { peers, suspects, leftOut, incarnation }: MemberState,
): readonly string[] {
  if (peers === before?.peers && suspects === before.suspects) return [];
  const lines: string[] = [];
  for (const peer of peers) {
    const former = before?.peers.find(({ member }) => member === peer.member);
    const news = newsOf(former, peer, incarnation);
    if (news !== null) lines.push(news);
  }
  for (const member of suspects) {
    if (before?.suspects.includes(member)) continue;
    const host = hostOf(member);
    lines.push(leftOut.includes(member) ? `has to go on without ${host}` : `misses a heartbeat of ${host}`);
  }
  return lines;
}

function newsOf(former: Peer | undefined, peer: Peer, self: MemberState['incarnation']): string | null {
  const { host } = peer;
  if (former === undefined) return `hears ${host}`;
  if (peer.gone !== former.gone) return `knows that the former run of ${host} is over`;
  if (peer.gone) return null;
  if (peer.silent !== former.silent) return peer.silent ? `has not heard ${host} for 300 ms` : `hears ${host} again`;
  if (peer.report.leaving && !former.report.leaving) return `hears that ${host} goes`;
  if (former.hears.has(self) && !peer.hears.has(self)) return `hears from ${host} that ${host} does not hear it`;
  return null;
}

function agreementLines(before: MemberState | null, { agreement, promised }: MemberState): readonly string[] {
  if (agreement === before?.agreement || agreement.kind === 'idle') return [];
  if (before !== null && before.agreement.kind === agreement.kind && promised === before.promised) return [];
  if (agreement.kind === 'awaiting') return [`promises ${hostOf(agreement.ballot.leader)} the view it proposes`];
  return [`proposes a view of ${names(agreement.members)}`];
}

function viewLines(before: MemberState | null, { view }: MemberState): readonly string[] {
  if (view === null || view === before?.view) return [];
  return [`is in view ${view.id.counter}: ${names(view.members)}`];
}

function names(members: readonly MemberId[]): string {
  return members.map(hostOf).join(' ');
}
