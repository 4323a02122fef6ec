/** What is wrong with a configuration or key file, and where. */

/** Counted from 1, as editors do; columns in UTF-16 code units. */
export type Position = { readonly line: number; readonly column: number };

export type ConfigError = Position & {
  /** `what is wrong; what would be right` */
  readonly message: string;
};

/** A file of a thousand equal mistakes is told by its first ones. */
const errorsShownMax = 100;

export function comparePositions(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}

/** One line an error: `file:line:column: message`. */
export function formatConfigErrors(file: string, errors: readonly ConfigError[]): string {
  const lines = errors
    .slice(0, errorsShownMax)
    .map((error) => `${file}:${error.line}:${error.column}: ${error.message}`);
  if (errors.length > errorsShownMax) lines.push(`${file}: and ${errors.length - errorsShownMax} more errors`);
  return lines.join('\n');
}

/** How one error points at another place of the same file: `12:7`. */
export function formatPlace({ line, column }: Position): string {
  return `${line}:${column}`;
}

/** A text of the file inside a message: in quotes, without what would move a terminal's cursor, not endless. */
export function quote(text: string): string {
  return JSON.stringify(text.length > quotedLengthMax ? `${text.slice(0, quotedLengthMax)}…` : text);
}

const quotedLengthMax = 80;
