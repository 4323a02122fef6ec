/** Text for a terminal: printable, cut, wrapped, coloured. Widths are counted in characters; what we print is narrow. */

export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

export type Paint = (style: Style, text: string) => string;

const escapes: Readonly<Record<Style, string>> = { red: '31', yellow: '33', green: '32', bold: '1', dim: '2' };

export function painter(options: { readonly colour: boolean }): Paint {
  return options.colour ? (style, text) => `\x1b[${escapes[style]}m${text}\x1b[0m` : (_, text) => text;
}

/** The same value with what could steer a terminal replaced in every string: reasons and names come from other hosts. */
export function printable<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'string' ? part.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?') : part,
  ) as T; // only characters inside strings changed
}

export function widthOf(text: string): number {
  return [...text].length;
}

/** Cut to `width` characters, the last of them `…` where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? '' : `${[...text].slice(0, width - 1).join('')}…`;
}

/** Lines of at most `width`, broken at spaces, the first after `first` and every other after four spaces. A longer word is cut. */
export function wrap(first: string, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    const longer = empty ? line + word : `${line} ${word}`;
    if (empty || widthOf(longer) <= width) {
      line = longer;
    } else {
      lines.push(cut(line, width));
      line = `    ${word}`;
    }
    empty = false;
  }
  return [...lines, cut(line, width)];
}

/** `1 host`, `2 hosts` */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
