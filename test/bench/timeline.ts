/**
 * A picture of one event: a lane for every contender with, on one scale, who answered the client and whose kernels had the
 * address, from the wire and from netlink. Of several runs the one with the median silence. Pure: text of an SVG.
 */
import type { Contender } from './contender.ts';
import type { Measure, Timeline } from './measure.ts';
import type { EventText } from './scenarios.ts';
import { number } from './terminal.ts';

const width = 1000;
const left = 250;
const right = 150;
const top = 96;
const laneHeight = 58;
const bottom = 84;
const leadMs = 250;
const spanMsMin = 500;

const colours = {
  ink: '#1c2733',
  faint: '#66727f',
  line: '#d5dbe1',
  before: '#2f6fb3',
  after: '#2e9e5b',
  another: '#8a5bb5',
  silent: '#f7cfca',
  silentInk: '#b3261e',
  twice: '#e8912d',
  twiceInk: '#a65a00',
} as const;

export type Lane = { readonly contender: Contender; readonly measure: Measure };

/** The run of each contender that stands for the others: the one with the median silence. */
export function lanesOf(
  contenders: readonly Contender[],
  measures: readonly Measure[],
  event: string,
): readonly Lane[] {
  return contenders.flatMap((contender) => {
    const own = measures.filter((each) => each.contender === contender.name && each.event === event);
    const measure = own.toSorted((a, b) => a.silenceMs - b.silenceMs)[(own.length - 1) >> 1];
    return measure === undefined ? [] : [{ contender, measure }];
  });
}

export function renderTimeline(event: EventText, lanes: readonly Lane[]): string {
  const untilMs = Math.max(spanMsMin, ...lanes.map(({ measure }) => interestingMs(measure) * 1.12));
  const x = (ms: number): number =>
    left + ((Math.min(Math.max(ms, -leadMs), untilMs) + leadMs) / (untilMs + leadMs)) * (width - left - right);
  const height = top + lanes.length * laneHeight + bottom;
  const laneParts = lanes.flatMap((lane, index) => renderLane(lane, top + index * laneHeight, x, untilMs));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(24, 34, event.title[0]?.toUpperCase() + event.title.slice(1), 'font-size="20" font-weight="bold"'),
    text(
      24,
      56,
      `${event.explanation} Thick: who answers the client. Thin: whose kernels have the address. Pale: it stays so.`,
      `fill="${colours.faint}"`,
    ),
    ...axis(untilMs, x, height),
    ...laneParts,
    line(x(0), top - 16, x(0), height - bottom, `stroke="${colours.ink}" stroke-width="1.5"`),
    text(x(0), top - 22, event.title, 'text-anchor="middle" font-weight="bold" font-size="12"'),
    text(width - right + 12, top - 22, 'client heard nothing for', `font-size="11" fill="${colours.faint}"`),
    ...legend(height - 22),
    '</svg>\n',
  ].join('\n');
}

/** Up to where something happens. */
function interestingMs(measure: Measure): number {
  const { answers, holders } = measure.timeline;
  const changes = [...answers.slice(1).map(({ fromMs }) => fromMs), ...holders.slice(1).map(({ fromMs }) => fromMs)];
  return Math.max(0, ...changes);
}

function renderLane(lane: Lane, y: number, x: (ms: number) => number, untilMs: number): readonly string[] {
  const { timeline, silenceMs, silentOn, lost } = lane.measure;
  const before = ownerBefore(timeline);
  const endMs = Math.min(untilMs, lane.measure.lookedMs);
  const bar = (fromMs: number, toMs: number, at: number, high: number, fill: string): string =>
    rect(x(fromMs), at, Math.max(1, x(toMs) - x(fromMs)), high, `fill="${fill}"`);
  const answers = timeline.answers
    .filter(({ fromMs, toMs }) => toMs >= -leadMs && fromMs <= endMs)
    .map(({ fromMs, toMs, host }) => bar(fromMs, toMs, y + 6, 20, colourOf(host, before, timeline)));
  const holders = timeline.holders
    .filter(({ toMs, hosts }) => toMs >= -leadMs && hosts.length > 0)
    .map(({ fromMs, toMs, hosts }) => {
      const [first = ''] = hosts;
      const fill = hosts.length > 1 ? colours.twice : colourOf(first, before, timeline);
      return bar(fromMs, Math.min(toMs, endMs), y + 30, 7, fill);
    });
  const last = timeline.answers.at(-1);
  const goesOn =
    lane.measure.settled && last !== undefined
      ? [
          rect(
            x(endMs),
            y + 6,
            x(untilMs) - x(endMs),
            20,
            `fill="${colourOf(last.host, before, timeline)}" opacity="0.25"`,
          ),
        ]
      : [];
  const twice = heldTwiceText(lane.measure);
  const said = lost > 0 ? `${number(silenceMs)} ms${silentOn ? ', and on' : ''}` : `${number(silenceMs)} ms, none lost`;
  return [
    line(24, y + laneHeight - 8, width - 24, y + laneHeight - 8, `stroke="${colours.line}"`),
    text(24, y + 25, lane.contender.title, 'font-weight="bold"'),
    rect(x(-leadMs), y + 6, x(endMs) - x(-leadMs), 20, `fill="${colours.silent}"`),
    ...answers,
    ...goesOn,
    ...holders,
    text(width - right + 12, y + 21, said, lost > 0 ? `fill="${colours.silentInk}" font-weight="bold"` : ''),
    ...(twice === null ? [] : [text(width - right + 12, y + 38, twice, `font-size="11" fill="${colours.twiceInk}"`)]),
  ];
}

/** Of any address, hosts that nobody reaches left out: not always of the one in the picture. */
function heldTwiceText({ heldTwiceMs, settled }: Measure): string | null {
  if (heldTwiceMs < 1) return null;
  return settled ? `on two hosts ${number(heldTwiceMs)} ms` : 'on two hosts to the end';
}

function ownerBefore({ answers }: Timeline): string {
  return answers[0]?.host ?? '';
}

function colourOf(host: string, before: string, { answers }: Timeline): string {
  if (host === before) return colours.before;
  const second = answers.find((each) => each.host !== before)?.host;
  return second === undefined || host === second ? colours.after : colours.another;
}

function axis(untilMs: number, x: (ms: number) => number, height: number): readonly string[] {
  const stepMs = [50, 100, 250, 500, 1000, 2000, 5000].find((step) => (untilMs + leadMs) / step <= 9) ?? 10_000;
  const ticks = Array.from({ length: Math.floor(untilMs / stepMs) + 1 }, (_, index) => index * stepMs);
  return ticks.flatMap((ms) => [
    line(x(ms), top - 8, x(ms), height - bottom, `stroke="${colours.line}"`),
    text(
      x(ms),
      height - bottom + 18,
      ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`,
      `text-anchor="middle" fill="${colours.faint}"`,
    ),
  ]);
}

function legend(y: number): readonly string[] {
  const entries: readonly (readonly [fill: string, label: string])[] = [
    [colours.before, 'the owner before'],
    [colours.after, 'the owner after'],
    [colours.another, 'a third host'],
    [colours.silent, 'nobody answers'],
    [colours.twice, 'two kernels have it'],
  ];
  return entries.flatMap(([fill, label], index) => [
    rect(24 + index * 190, y - 11, 14, 14, `fill="${fill}"`),
    text(44 + index * 190, y, label, `fill="${colours.faint}"`),
  ]);
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '');
  return `<text x="${round(x)}" y="${round(y)}" ${attributes.includes('fill=') ? attributes : `fill="${colours.ink}" ${attributes}`}>${escaped}</text>`;
}

function rect(x: number, y: number, wide: number, high: number, attributes: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(wide)}" height="${round(high)}" ${attributes}/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

function round(value: number): string {
  return value.toFixed(1);
}
