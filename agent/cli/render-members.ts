/** `holdfast members` as text: a line for each path of each host. */
import type { PathStatus } from '../channel/channel.ts';
import type { MemberStatus, Status } from '../control/protocol.ts';
import { formatElapsed, formatSince } from './elapsed.ts';
import { describeDamping, describeLevel, isDamped } from './health.ts';
import { type Row, renderTable } from './table.ts';
import { count, cut, painter, printable, wrap } from './text.ts';

export function renderMembers(
  raw: Status,
  options: { readonly width: number; readonly colour: boolean; readonly now: Date },
): string {
  const status = printable(raw);
  const paint = painter(options);
  const present = status.members.filter((member) => member.state === 'member').length;
  const view =
    status.view === null
      ? 'no view'
      : `view ${status.view.id} for ${formatSince(status.view.since, options.now)}, level ${status.view.level}`;
  const rows = status.members.flatMap((member) => memberRows(member, status.host));
  const notes = [...describeLevel(status), ...status.members.flatMap((member) => describeDamping(member, options.now))];
  return [
    cut(`${present} of ${count(status.members.length, 'host')} in group ${status.group}, ${view}`, options.width),
    '',
    ...renderTable(['HOST', 'STATE', 'SETS', 'ROLE', 'PATH', 'HEARD'], rows, { ...options, paint }),
    ...(notes.length === 0 ? [] : ['', ...notes.flatMap((text) => wrap('', text, options.width))]),
  ].join('\n');
}

function memberRows(member: MemberStatus, here: string): Row[] {
  const role = [
    ...(member.coordinator ? ['coordinator'] : []),
    ...(isDamped(member) ? ['damped'] : []),
    ...(member.host === here ? ['this host'] : []),
  ].join(', ');
  const paths = member.paths.length === 0 ? [{ address: '-', lastHeardMsAgo: null, lost: false }] : member.paths;
  return paths.map((path, i) => {
    const of = i === 0 ? [member.host, member.state, String(member.sets), role] : ['', '', '', ''];
    const cells = [...of, path.address, member.host === here ? '' : heard(path)];
    return member.state === 'member' && !path.lost
      ? { cells, mark: ' ', style: null }
      : { cells, mark: '!', style: 'yellow' };
  });
}

function heard({ lastHeardMsAgo, lost }: PathStatus): string {
  const when = lastHeardMsAgo === null ? 'never' : `${formatElapsed(lastHeardMsAgo)} ago`;
  return lost ? `${when}: lost` : when;
}
