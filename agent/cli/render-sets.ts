import type { SetStatus, Status } from '../control/protocol.ts';
import { formatElapsed, formatSince } from './elapsed.ts';
import { isConflicted, type SetHealth, setHealth } from './health.ts';
import { nameRanges } from './name-ranges.ts';
import type { Section } from './section.ts';
import { type Row, renderTable } from './table.ts';
import { cut } from './text.ts';

/** Above this many a line for each pushes everything else off the screen: then a line for each owner. */
const setsListedMax = 40;

export function renderSets(status: Status, section: Section): string[] {
  const listed = section.all || status.sets.length <= setsListedMax;
  return listed ? renderEachSet(status, section) : renderEachOwner(status, section);
}

function renderEachSet(status: Status, section: Section): string[] {
  const rows = status.sets.map((set): Row => {
    const health = setHealth(set, status, section.now);
    const cells = [
      set.name,
      addressCell(set),
      `${ownerCell(set)}${isConflicted(set) ? ' (conflicted)' : ''}`,
      formatSince(set.since, section.now),
      set.reason,
    ];
    return { cells, ...markOf(health) };
  });
  return renderTable(['SET', 'ADDRESS', 'OWNER', 'FOR', 'WHY'], rows, section);
}

function renderEachOwner(status: Status, section: Section): string[] {
  const byOwner = new Map<string | null, SetStatus[]>();
  for (const set of status.sets) byOwner.set(set.owner, [...(byOwner.get(set.owner) ?? []), set]);
  const owners = [...byOwner].sort(([a], [b]) => (a === null ? -1 : b === null ? 1 : a < b ? -1 : 1)); // nobody first
  const rows = owners.map(([owner, sets]): Row => {
    const since = sets.flatMap((set) => (set.since === null ? [] : [section.now.getTime() - Date.parse(set.since)]));
    const newest = since.length === 0 ? '-' : `${formatElapsed(Math.min(...since))} ago`;
    const names = nameRanges(sets.map((set) => set.name));
    const cells = [owner ?? 'nobody', String(sets.length), newest, names];
    const mark = sets.every((set) => set.answeredBy !== null) ? 'held by a silent host' : 'held by nobody';
    return { cells, ...markOf(owner === null ? mark : 'held') };
  });
  return [
    ...renderTable(['OWNER', 'SETS', 'LAST MOVED', 'WHICH'], rows, section),
    section.paint('dim', cut('  --all shows every set with its address and reason', section.width)),
  ];
}

function addressCell(set: SetStatus): string {
  const [first, ...others] = set.addresses;
  if (first === undefined) return '-';
  return others.length === 0 ? first : `${first} +${others.length}`;
}

/** The owner, and where the kernels are not (yet) as decided: who holds it instead or as well. */
function ownerCell(set: SetStatus): string {
  const others = set.heldBy.filter((host) => host !== set.owner);
  const held = set.heldBy.length > others.length;
  if (set.answeredBy !== null) return `${set.answeredBy} (silent)`;
  if (set.owner === null) return others.length === 0 ? 'nobody' : `nobody (${others.join(', ')} has it)`;
  if (others.length > 0)
    return held ? `${set.owner} (also ${others.join(', ')})` : `${set.owner} (from ${others.join(', ')})`;
  return held ? `${set.owner}${set.pinned ? ' (pinned)' : ''}` : `${set.owner} (claiming)`;
}

function markOf(health: SetHealth): Pick<Row, 'mark' | 'style'> {
  switch (health) {
    case 'held by nobody':
    case 'held twice':
      return { mark: '!', style: 'red' };
    case 'held by a silent host':
    case 'held elsewhere':
    case 'problem':
      return { mark: '!', style: 'yellow' };
    case 'held':
    case 'moving':
      return { mark: ' ', style: null };
  }
}
