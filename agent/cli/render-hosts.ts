import type { MemberStatus, Status } from '../control/protocol.ts';
import { formatElapsed } from './elapsed.ts';
import { isDamped } from './health.ts';
import type { Section } from './section.ts';
import { type Row, renderTable } from './table.ts';

export function renderHosts(status: Status, section: Section): string[] {
  const rows = status.members.map(
    (member): Row => ({
      cells: [
        member.host,
        stateCell(member),
        String(member.sets),
        member.host === status.host ? 'this host' : heardCell(member),
        member.coordinator ? 'yes' : '',
        member.paths.map(({ address, lost }) => (lost ? `${address} (lost)` : address)).join(', '),
      ],
      ...markOf(member),
    }),
  );
  return renderTable(['HOST', 'STATE', 'SETS', 'HEARD', 'LEADS', 'PATHS'], rows, section);
}

function stateCell(member: MemberStatus): string {
  const { state, witness, drained } = member;
  if (state !== 'member') return state;
  return witness ? 'witness' : drained ? 'drained' : isDamped(member) ? 'damped' : state;
}

function heardCell(member: MemberStatus): string {
  const heard = member.paths.flatMap((path) => (path.lastHeardMsAgo === null ? [] : [path.lastHeardMsAgo]));
  return heard.length === 0 ? 'never' : `${formatElapsed(Math.min(...heard))} ago`;
}

function markOf(member: MemberStatus): Pick<Row, 'mark' | 'style'> {
  switch (member.state) {
    case 'absent':
    case 'silent':
    case 'one-way':
      return { mark: '!', style: 'yellow' };
    case 'member':
    case 'joining':
    case 'leaving':
      return { mark: ' ', style: null };
  }
}
