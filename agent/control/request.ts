/** From one line of a client to a request, or to what is wrong with it. Strict: a field this agent does not know may matter. */
import { isUtf8 } from 'node:buffer';
import type { ControlRequest } from './protocol.ts';

export type ParsedRequest =
  | { readonly ok: true; readonly request: ControlRequest }
  | { readonly ok: false; readonly error: string };

/** @param line without its newline; any bytes */
export function parseRequest(line: Uint8Array): ParsedRequest {
  if (!isUtf8(line)) return refuse('the request is not UTF-8');
  const value = parseJson(new TextDecoder().decode(line));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('the request is not a JSON object on one line, such as {"kind":"status"}');
  }
  const kind = 'kind' in value ? value.kind : undefined;
  if (!isKind(kind)) return refuse(`unknown kind ${quote(kind)}: this agent answers ${kinds.join(', ')}`);
  const unknown = Object.keys(value).filter((field) => field !== 'kind' && !fields[kind].includes(field));
  if (unknown.length > 0) return refuse(`unknown field ${quote(unknown[0])} in a ${kind} request`);
  const request = readRequest(kind, new Map(Object.entries(value)));
  return typeof request === 'string' ? refuse(request) : { ok: true, request };
}

/** The request, or what is wrong with one of its fields. */
function readRequest(kind: ControlRequest['kind'], given: ReadonlyMap<string, unknown>): ControlRequest | string {
  const [set, host, sets] = [given.get('set'), given.get('host'), given.get('sets')];
  switch (kind) {
    case 'status':
    case 'balance':
    case 'freeze':
    case 'thaw':
    case 'abandon':
    case 'reload':
      return { kind };
    case 'move':
      if (typeof set !== 'string') return notAName('set', set);
      return typeof host === 'string' ? { kind, set, host } : notAName('host', host);
    case 'unpin':
      return typeof set === 'string' ? { kind, set } : notAName('set', set);
    case 'drain':
    case 'undrain':
      if (host === undefined || host === null) return { kind, host: null };
      return typeof host === 'string' ? { kind, host } : notAName('host', host);
    case 'restart': {
      const keepSeconds = given.get('keepSeconds');
      return isKeepSeconds(keepSeconds)
        ? { kind, keepSeconds }
        : `"keepSeconds" is ${quote(keepSeconds)}, not a number from ${keepSecondsMin} to ${keepSecondsMax}`;
    }
    case 'announce':
      return isTextList(sets) ? { kind, sets } : `"sets" is ${quote(sets)}, not a list of names`;
  }
}

function notAName(field: string, value: unknown): string {
  return `"${field}" is ${quote(value)}, not a name`;
}

/** Fields beside `kind`, for every kind there is: a new one does not compile before it is listed. */
const fields: Readonly<Record<ControlRequest['kind'], readonly string[]>> = {
  status: [],
  balance: [],
  move: ['set', 'host'],
  unpin: ['set'],
  drain: ['host'],
  undrain: ['host'],
  freeze: [],
  thaw: [],
  abandon: [],
  reload: [],
  announce: ['sets'],
  restart: ['keepSeconds'],
};

const kinds = Object.keys(fields);

function isKind(kind: unknown): kind is ControlRequest['kind'] {
  return typeof kind === 'string' && Object.hasOwn(fields, kind);
}

/** Shorter than a start is of no use; for longer a host should be drained. */
export const keepSecondsMin = 1;
export const keepSecondsMax = 600;

function isKeepSeconds(value: unknown): value is number {
  return typeof value === 'number' && value >= keepSecondsMin && value <= keepSecondsMax;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const quotedCharactersMax = 40;

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > quotedCharactersMax ? `${text.slice(0, quotedCharactersMax)}…` : text;
}

function refuse(error: string): ParsedRequest {
  return { ok: false, error };
}
