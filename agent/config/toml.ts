/**
 * TOML text as a tree of values that know where they stand.
 *
 * The parser stops at the first syntax error. Duplicate keys are the exception: they leave the rest of the file
 * readable, so each is set aside and the file is read again, to be told together with everything else.
 */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { type ConfigError, formatPlace, type Position, quote } from './config-error.ts';
import { explainSyntaxError } from './toml-syntax.ts';

export type TomlNode = TomlTable | TomlArray | TomlScalar;

export type TomlTable = {
  readonly kind: 'table';
  /** Of the table's own name, or of its brace. */
  readonly at: Position;
  readonly entries: ReadonlyMap<string, TomlEntry>;
};

export type TomlEntry = {
  /** Of the key; for a table with a header, of its name in the header. */
  readonly keyAt: Position;
  readonly node: TomlNode;
};

export type TomlArray = { readonly kind: 'array'; readonly at: Position; readonly items: readonly TomlNode[] };

export type TomlScalar = {
  readonly kind: 'string' | 'integer' | 'float' | 'boolean' | 'date';
  readonly at: Position;
  readonly value: string | number | boolean | Date;
};

/** `table` is missing where the text could not be read to its end; else it lacks what was defined twice. */
export type TomlResult = { readonly table: TomlTable | undefined; readonly errors: readonly ConfigError[] };

/** Each costs one more reading of the file. */
const duplicatesMax = 16;

/** Never throws. */
export function parseToml(text: string): TomlResult {
  const duplicates: Duplicate[] = [];
  let source = text;
  for (;;) {
    let program: AST.TOMLProgram;
    try {
      program = parseTOML(source, { tomlVersion: '1.0.0' });
    } catch (error) {
      const duplicate = duplicateAt(error, text, duplicates);
      if (duplicate === undefined || duplicates.length >= duplicatesMax) {
        return { table: undefined, errors: [...duplicates.map(tellDuplicate), explainSyntaxError(error, text)] };
      }
      duplicates.push(duplicate);
      source = rename(source, duplicate, duplicates.length);
      continue;
    }
    const errors: ConfigError[] = [];
    const table = buildTable(program.body[0], duplicates, errors);
    return { table, errors };
  }
}

type Duplicate = Position & { readonly index: number; readonly name: string; readonly text: string };

/** A key as TOML writes it: quoted or bare. */
const keyPattern = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+/y;

function duplicateAt(error: unknown, text: string, known: readonly Duplicate[]): Duplicate | undefined {
  if (!(error instanceof ParseError) || !error.message.startsWith('Defining a key multiple times')) return undefined;
  if (known.some(({ index }) => index === error.index)) return undefined;
  keyPattern.lastIndex = error.index;
  const written = keyPattern.exec(text)?.[0];
  if (written === undefined) return undefined;
  const name = /^["']/.test(written) ? written.slice(1, -1) : written;
  return { line: error.lineNumber, column: error.column + 1, index: error.index, name, text: written };
}

/** Gives the key a name of the same length that nobody uses, so that every other position stays true. */
function rename(source: string, { index, text }: Duplicate, serial: number): string {
  const name = serial.toString(36).toUpperCase().padStart(text.length, '-').slice(-text.length);
  return source.slice(0, index) + name + source.slice(index + text.length);
}

function tellDuplicate({ line, column, name }: Duplicate): ConfigError {
  return { line, column, message: `${quote(name)} is defined a second time; keep one of the two` };
}

/** While they are being filled: several headers and dotted keys may add to one table, each `[[header]]` to one list. */
type OpenTable = { readonly kind: 'table'; readonly at: Position; readonly entries: Map<string, TomlEntry> };
type OpenArray = { readonly kind: 'array'; readonly at: Position; readonly items: TomlNode[] };

function buildTable(
  top: AST.TOMLTopLevelTable,
  duplicates: readonly Duplicate[],
  errors: ConfigError[],
): TomlTable | undefined {
  const root: OpenTable = { kind: 'table', at: { line: 1, column: 1 }, entries: new Map() };
  for (const item of top.body) {
    if (item.type === 'TOMLKeyValue') {
      put(root, item);
      continue;
    }
    const parent = descend(root, item.key.keys.slice(0, -1));
    const last = item.key.keys.at(-1);
    if (parent === undefined || last === undefined) continue;
    const table = item.kind === 'array' ? append(parent, last) : descend(parent, [last]);
    if (table === undefined) continue;
    for (const pair of item.body) put(table, pair);
  }
  return root;

  function put(table: OpenTable, pair: AST.TOMLKeyValue): void {
    const parent = descend(table, pair.key.keys.slice(0, -1));
    const last = pair.key.keys.at(-1);
    if (parent === undefined || last === undefined || setAside(parent, last)) return;
    parent.entries.set(nameOf(last), { keyAt: positionOf(last), node: build(pair.value) });
  }

  /** Nothing where the way leads through a key that was set aside. */
  function descend(from: OpenTable, keys: readonly KeySegment[]): OpenTable | undefined {
    let table = from;
    for (const key of keys) {
      if (setAside(table, key)) return undefined;
      const name = nameOf(key);
      const known = table.entries.get(name)?.node;
      // A header below an array of tables adds to the newest of them.
      const next = known?.kind === 'array' ? known.items.at(-1) : known;
      if (next === undefined) {
        const made: OpenTable = { kind: 'table', at: positionOf(key), entries: new Map() };
        table.entries.set(name, { keyAt: made.at, node: made });
        table = made;
      } else if (next.kind === 'table') {
        table = next as OpenTable; // every table of this tree was made here
      } else {
        return undefined;
      }
    }
    return table;
  }

  function append(parent: OpenTable, key: KeySegment): OpenTable | undefined {
    if (setAside(parent, key)) return undefined;
    const made: OpenTable = { kind: 'table', at: positionOf(key), entries: new Map() };
    const known = parent.entries.get(nameOf(key))?.node;
    if (known?.kind === 'array') {
      (known as OpenArray).items.push(made); // as with tables
    } else {
      parent.entries.set(nameOf(key), { keyAt: made.at, node: { kind: 'array', at: made.at, items: [made] } });
    }
    return made;
  }

  function build(node: AST.TOMLContentNode): TomlNode {
    const at = positionOf(node);
    switch (node.type) {
      case 'TOMLArray':
        return { kind: 'array', at, items: node.elements.map(build) };
      case 'TOMLInlineTable': {
        const table: OpenTable = { kind: 'table', at, entries: new Map() };
        for (const pair of node.body) put(table, pair);
        return table;
      }
      case 'TOMLValue':
        return { kind: scalarKinds[node.kind], at, value: node.value };
    }
  }

  /** Whether the key is a duplicate; tells it, with the place of the first. */
  function setAside(table: OpenTable, key: KeySegment): boolean {
    const duplicate = duplicates.find(({ index }) => index === key.range[0]);
    if (duplicate === undefined) return false;
    const first = table.entries.get(duplicate.name);
    const place = first === undefined ? '' : `, first at ${formatPlace(first.keyAt)}`;
    const { line, column, name } = duplicate;
    errors.push({ line, column, message: `${quote(name)} is defined a second time${place}; keep one of the two` });
    return true;
  }
}

type KeySegment = AST.TOMLBare | AST.TOMLQuoted;

const scalarKinds = {
  string: 'string',
  integer: 'integer',
  float: 'float',
  boolean: 'boolean',
  'offset-date-time': 'date',
  'local-date-time': 'date',
  'local-date': 'date',
  'local-time': 'date',
} as const;

function nameOf(key: KeySegment): string {
  return key.type === 'TOMLBare' ? key.name : key.value;
}

function positionOf(node: AST.TOMLNode): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
