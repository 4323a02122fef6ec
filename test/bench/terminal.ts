/** What the terminal shows: a row for every event and contender, with how many times the first one's figure it is. */
import { type Row, renderTable } from '../../agent/cli/table.ts';
import { painter } from '../../agent/cli/text.ts';
import { contenders } from './contenders.ts';
import type { Measure } from './measure.ts';
import { eventTexts } from './scenarios.ts';
import { type Spread, spreadOf } from './statistics.ts';

const heads = [
  'event',
  'contender',
  'longest silence',
  'ratio',
  'probes lost',
  'held twice',
  'by nobody',
  'moved',
  'ARP',
  'one owner since heard',
];

export function renderMeasures(measures: readonly Measure[]): readonly string[] {
  const rows = eventTexts.flatMap(({ name, title }) =>
    rowsOf(
      title,
      measures.filter((each) => each.event === name),
    ),
  );
  return renderTable(heads, rows, { width: Number.POSITIVE_INFINITY, paint: painter({ colour: false }) });
}

function rowsOf(title: string, measures: readonly Measure[]): readonly Row[] {
  const groups = contenders
    .map((contender) => ({ contender, own: measures.filter((each) => each.contender === contender.name) }))
    .filter(({ own }) => own.length > 0);
  const [first] = groups;
  if (first === undefined) return [];
  const reference = spreadOf(first.own.map((each) => each.silenceMs)).median;
  return groups.map(({ contender, own }, index) => {
    const silence = spreadOf(own.map((each) => each.silenceMs));
    const cells = [
      index === 0 ? title : '',
      contender.title,
      own.some((each) => each.silentOn) ? `${milliseconds(silence)}, to the end` : milliseconds(silence),
      index === 0 ? '1' : (silence.median / reference).toFixed(silence.median < 10 * reference ? 1 : 0),
      count(spreadOf(own.map((each) => each.lost))),
      own.some((each) => !each.settled)
        ? `${milliseconds(spreadOf(own.map((each) => each.heldTwiceMs)))}, to the end`
        : milliseconds(spreadOf(own.map((each) => each.heldTwiceMs))),
      milliseconds(spreadOf(own.map((each) => each.heldByNobodyMs))),
      count(spreadOf(own.map((each) => each.moved))),
      count(spreadOf(own.map((each) => each.announcements))),
      merged(own),
    ];
    return { cells, mark: ' ', style: null };
  });
}

/** `3,446 (3,420–3,480) ms`; one run has no bounds. */
export function milliseconds({ median, min, max, runs }: Spread): string {
  if (max === 0) return '0 ms';
  return runs === 1 ? `${number(median)} ms` : `${number(median)} (${number(min)}–${number(max)}) ms`;
}

export function count({ median, min, max }: Spread): string {
  return min === max ? number(median) : `${number(median)} (${number(min)}–${number(max)})`;
}

/** Three digits that mean something. */
export function number(value: number): string {
  const digits = value !== 0 && Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Where a cut has ended. */
function merged(own: readonly Measure[]): string {
  const known = own.flatMap(({ mergedMs }) => (mergedMs === null ? [] : [mergedMs]));
  return known.length === 0 ? '' : milliseconds(spreadOf(known));
}
