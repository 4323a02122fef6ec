/** The live page of the demo: the picture of the network, what is happening, what has been found. Pure. */
import { type EventResult, renderResults } from './demo-table.ts';
import { cut, type Paint, painter, type Style, widthOf, wrap } from './text.ts';

export type DemoView = {
  readonly elapsedMs: number;
  readonly client: string;
  readonly clientStyle: Style;
  readonly hosts: readonly HostView[];
  /** `3 of 8` and what it is. */
  readonly step: string;
  readonly explanation: string;
  /** Newest last. */
  readonly happened: readonly string[];
  readonly results: readonly EventResult[];
};

export type HostView = {
  readonly name: string;
  readonly state: string;
  readonly style: Style;
  /** What its kernel has, and of what two kernels have, who else. */
  readonly sets: readonly { readonly text: string; readonly twice: boolean }[];
};

const happenedLines = 6;
/** Inside the box; three boxes fit a terminal of 80. */
const boxWidth = 21;
const boxLinesMin = 4;

export function renderDemo(view: DemoView, options: { readonly width: number; readonly colour: boolean }): string {
  const paint = painter(options);
  const { width } = options;
  const clock = `${(view.elapsedMs / 1000).toFixed(0)} s`;
  const happened = view.happened.slice(-happenedLines);
  return [
    paint(
      'bold',
      cut('Holdfast demo: three hosts and a client on one switch; real agents, real kernel networks', width),
    ),
    '',
    ...renderNetwork(view, paint),
    '',
    paint('bold', cut(`[${clock}] ${view.step}`, width)),
    ...wrap('', view.explanation, width),
    '',
    ...happened.map((line) => paint('dim', cut(line, width))),
    ...Array.from({ length: happenedLines - happened.length }, () => ''),
    '',
    ...(view.results.length > 0 ? renderResults(view.results, { width, paint }) : []),
  ].join('\n');
}

function renderNetwork(view: DemoView, paint: Paint): string[] {
  const column = boxWidth + 3;
  const total = view.hosts.length * column - 1;
  const middle = Math.floor(total / 2);
  const centre = Math.floor((boxWidth + 2) / 2);
  const every = (text: string): string => view.hosts.map(() => text).join(' ');
  const edge = (left: string, at: string, right: string): string =>
    every(`${left}${'─'.repeat(centre - 1)}${at}${'─'.repeat(boxWidth - centre)}${right}`);
  const lines = Math.max(boxLinesMin, ...view.hosts.map((host) => host.sets.length));
  const inside = (cell: (host: HostView) => { text: string; style: Style | null }): string =>
    view.hosts
      .map((host) => {
        const { text, style } = cell(host);
        const shown = cut(` ${text}`, boxWidth);
        return `│${style === null ? shown : paint(style, shown)}${' '.repeat(boxWidth - widthOf(shown))}│`;
      })
      .join(' ');
  const wire = Array.from({ length: total }, (_, at) => {
    const host = at % column === centre;
    if (at === middle) return host ? '╪' : '╧';
    return host ? '╤' : '═';
  });
  return [
    `${' '.repeat(Math.max(0, middle - 3))}client   ${paint(view.clientStyle, view.client)}`,
    `${' '.repeat(middle)}│`,
    `${wire.join('')} switch`,
    edge('┌', '┴', '┐'),
    inside((host) => ({ text: host.name, style: 'bold' })),
    inside((host) => ({ text: host.state, style: host.style })),
    edge('├', '─', '┤'),
    ...Array.from({ length: lines }, (_, line) =>
      inside((host) => {
        const set = host.sets[line];
        return { text: set?.text ?? '', style: set?.twice === true ? 'yellow' : null };
      }),
    ),
    edge('└', '─', '┘'),
  ];
}
