/** `holdfast status` as text: trouble first, then who owns what, the hosts, what moved and why, and what to try. */
import type { Status } from '../control/protocol.ts';
import { formatSince } from './elapsed.ts';
import { findTroubles, isConflicted, setHealth, type Trouble } from './health.ts';
import { renderHosts } from './render-hosts.ts';
import { renderSets } from './render-sets.ts';
import type { Section } from './section.ts';
import { count, cut, painter, printable, wrap } from './text.ts';

export type RenderOptions = {
  /** Of the terminal in characters; Infinity where it is none: nothing is cut. */
  readonly width: number;
  readonly colour: boolean;
  readonly now: Date;
  /** Every set and every event the agent has. */
  readonly all: boolean;
};

const eventsShown = 8;

/** Lines without a newline at the end. */
export function renderStatus(raw: Status, options: RenderOptions): string {
  const status = printable(raw);
  const section: Section = { ...options, paint: painter(options) };
  const troubles = findTroubles(status, options.now);
  const advice = [...new Set(troubles.flatMap((trouble) => trouble.advice))];
  return [
    ...renderHeadline(status, troubles, section),
    ...titled('TROUBLE', renderTroubles(troubles, section), section),
    ...titled('SETS', renderSets(status, section), section),
    ...titled('HOSTS', renderHosts(status, section), section),
    ...titled('LATELY', renderEvents(status, section), section),
    ...titled('NOTES', renderNotes(troubles, section), section),
    ...titled('TRY', renderParagraphs(advice, section), section),
  ].join('\n');
}

function renderHeadline(status: Status, troubles: readonly Trouble[], { width, paint, now }: Section): string[] {
  const present = status.members.filter((member) => member.state === 'member').length;
  const hosts = `${present} of ${count(status.members.length, 'host')}`;
  const view = status.view === null ? 'no view' : `view ${status.view.id} for ${formatSince(status.view.since, now)}`;
  const who = `group ${status.group}, seen from ${status.host}, ${view}, up ${formatSince(status.startedAt, now)}, version ${status.version}`;
  const { word, style } = verdicts[troubles[0]?.severity ?? 'note'];
  const headline = cut(`${word}: ${coverage(status, now)}, ${hosts}, ${status.state}`, width);
  return [paint(style, headline), paint('dim', cut(who, width))];
}

/** By the worst severity. */
const verdicts = {
  note: { word: 'OK', style: 'green' },
  degraded: { word: 'DEGRADED', style: 'yellow' },
  uncovered: { word: 'NOT COVERED', style: 'red' },
} as const;

function coverage(status: Status, now: Date): string {
  const health = status.sets.map((set) => setHealth(set, status, now));
  const nobody = health.filter((h) => h === 'held by nobody').length;
  const twice = health.filter((h) => h === 'held twice').length;
  const sets = count(status.sets.length, 'set');
  const conflicted = status.sets.filter(isConflicted).length;
  const wrong = [
    ...(nobody === 0 && twice === 0 ? ['all held'] : []),
    ...(nobody > 0 ? [`${nobody} held by nobody`] : []),
    ...(twice > 0 ? [`${twice} held twice`] : []),
    ...(conflicted > 0 ? [`${conflicted} conflicted`] : []),
  ];
  return `${sets}, ${wrong.join(', ')}`;
}

function renderTroubles(troubles: readonly Trouble[], { width, paint }: Section): string[] {
  return troubles.flatMap(({ severity, text }) => {
    if (severity === 'note') return [];
    const style = severity === 'uncovered' ? 'red' : 'yellow';
    return wrap('! ', text, width).map((line) => paint(style, line));
  });
}

function renderNotes(troubles: readonly Trouble[], section: Section): string[] {
  return renderParagraphs(
    troubles.flatMap(({ severity, text }) => (severity === 'note' ? [text] : [])),
    section,
  );
}

function renderParagraphs(texts: readonly string[], { width }: Section): string[] {
  return texts.flatMap((text) => wrap('  ', text, width));
}

function renderEvents(status: Status, { width, now, all }: Section): string[] {
  const shown = status.events.slice(all ? 0 : -eventsShown).reverse();
  const ages = shown.map((event) => `${formatSince(event.at, now)} ago`);
  const ageWidth = Math.max(0, ...ages.map((age) => age.length));
  return shown.map((event, i) => cut(`  ${(ages[i] ?? '').padEnd(ageWidth)}  ${event.text}`, width));
}

/** A section with nothing in it is left out. */
function titled(title: string, lines: readonly string[], { paint }: Section): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}
