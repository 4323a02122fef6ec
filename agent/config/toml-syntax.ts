/** The parser's words for a syntax error, and what would be right. */
import { ParseError } from 'toml-eslint-parser';
import type { ConfigError, Position } from './config-error.ts';

const lineEndsEarly = 'The key, equals sign, and value must be on the same line';

export function explainSyntaxError(error: unknown, text: string): ConfigError {
  if (error instanceof ParseError) {
    const position = { line: error.lineNumber, column: error.column + 1 };
    const lines = text.split(/\r?\n/);
    if (error.message === lineEndsEarly) return unfinishedLine(position, lines);
    return unquotedText(position.line, lines) ?? { ...position, message: explain(error.message) };
  }
  // The parser descends into brackets by recursion: a file that nests thousands of them ends its stack.
  if (error instanceof RangeError) {
    return { line: 1, column: 1, message: 'brackets are nested too deeply to be read; nothing here needs more than 3' };
  }
  throw error;
}

/** The commonest mistake, whose symptom depends on the value: `group = edge`, `detect = 500ms`, `address = 10.0.0.1`. */
function unquotedText(line: number, lines: readonly string[]): ConfigError | undefined {
  const match = /^(\s*[\w-]+\s*=\s*)([A-Za-z0-9/][\w./:-]*)\s*(?:#.*)?$/.exec(lines[line - 1] ?? '');
  if (match === null) return undefined;
  const [, before = '', value = ''] = match;
  const right = /^(true|false)$/i.test(value) ? value.toLowerCase() : `"${value}"`;
  return { line, column: before.length + 1, message: `${value} is no TOML value; write ${right}` };
}

/** The parser points at what comes next, maybe many lines on; the mistake is at the end of what came before. */
function unfinishedLine(next: Position, lines: readonly string[]): ConfigError {
  const message = 'the line is not finished; write key = value on one line';
  for (let line = next.line - 1; line >= 1; line--) {
    const [content = ''] = (lines[line - 1] ?? '').split('#', 1);
    const { length } = content.trimEnd();
    if (length > 0) return { line, column: length + 1, message };
  }
  return { ...next, message };
}

/** By the parser's message, which is all it tells of the kind. */
const explanations: ReadonlyMap<string, string> = new Map([
  ['Unterminated string constant', 'the text is not ended; put the closing quote on the same line'],
  ['Unterminated table-key', 'the table header is not ended; write [set.NAME] on a line of its own'],
  ['Unterminated array', 'the list is not ended; close it with ]'],
  ['Unterminated inline table', 'the inline table is not ended; close it with }'],
  ['Empty bare keys are not allowed', 'a name is missing; write one'],
  ['Must be a newline', 'something follows the value; begin a new line for it'],
  ['Expected equal (=) token', 'an equals sign is missing; write key = value'],
  ['Unspecified values are invalid', 'a value is missing; write key = value'],
  ['Expected comma (,) token', 'a comma is missing; separate the items of a list by commas and put text in quotes'],
  ['Defining a key multiple times is invalid', 'the key is defined a second time; keep one of the two'],
  ['Unexpected character', 'this character cannot stand here; text needs quotes, a comment begins with #'],
  ['Unexpected token', 'this cannot stand here; write key = value or [table.NAME]'],
  ['Leading zeros are not allowed', 'the number begins with 0; leave the zero out'],
  ['Invalid character in escape sequence', 'this is no escape sequence; write \\\\ for a backslash'],
  [
    'No newlines are allowed between the curly braces unless they are valid within a value',
    'an inline table goes over more than one line; put it on one',
  ],
  ['Trailing comma is not permitted in an inline table', 'a comma stands before }; leave it out'],
]);

function explain(message: string): string {
  return explanations.get(message) ?? `not TOML: ${message}; see https://toml.io/en/v1.0.0`;
}
